// Contacts and groups with their last message, its time, and how many messages wait.
import type { Contact } from '../../api/types';
import { PersonAvatar } from '../../components/PersonAvatar';
import { shortTime } from '../../components/times';
import { useContactName } from '../../hooks/useNames';
import { useNow } from '../../hooks/useNow';
import { useTranslate } from '../../hooks/useTranslate';
import type { TextKey } from '../../i18n';
import { useAppSelector } from '../../store';
import { SUMMARY_CALL, SUMMARY_PICTURE, SUMMARY_REVOKED } from '../../store/messages';

const SUMMARIES: Record<string, TextKey> = {
  [SUMMARY_REVOKED]: 'chat.lastRevoked',
  [SUMMARY_PICTURE]: 'chat.lastPicture',
  [SUMMARY_CALL]: 'chat.lastCall',
};

interface Props {
  contacts: Contact[];
  selectedId: number;
  onSelect(contactId: number): void;
}

export function ContactList({ contacts, selectedId, onSelect }: Props) {
  const t = useTranslate();
  const nameOf = useContactName();
  const now = useNow();
  const language = useAppSelector((state) => state.settings.language);
  const users = useAppSelector((state) => state.users);
  const groups = useAppSelector((state) => state.contacts.groups);
  const unread = useAppSelector((state) => state.unread.ids);

  const about = ({ lastMessageContent, groupId, userId }: Contact) => {
    const summary = SUMMARIES[lastMessageContent];
    return summary ? t(summary) : lastMessageContent || (groupId ? t('home.group') : users[userId]?.username);
  };

  return (
    <ul className="contact-list" data-testid="contact-list">
      {contacts.map((contact) => {
        const name = nameOf(contact);
        const count = unread[contact.roomId]?.length ?? 0;
        const isGroup = contact.groupId > 0;
        return (
          <li key={contact.contactId}>
            <button
              type="button"
              className={contact.contactId === selectedId ? 'row selected' : 'row'}
              aria-current={contact.contactId === selectedId}
              onClick={() => onSelect(contact.contactId)}
              data-testid={isGroup ? `group-${contact.groupId}` : `contact-${contact.userId}`}
            >
              <PersonAvatar
                id={contact.groupId || contact.userId}
                name={name}
                avatar={isGroup ? groups[contact.groupId]?.avatar : users[contact.userId]?.avatar}
                size={44}
                square={isGroup}
              />
              <span className="row-text">
                <strong>{name}</strong>
                <small data-testid="last-message">{about(contact)}</small>
              </span>
              <span className="row-side">
                {contact.lastMessageTime && (
                  <time dateTime={contact.lastMessageTime}>
                    {shortTime(t, language, Date.parse(contact.lastMessageTime), now)}
                  </time>
                )}
                {count > 0 && (
                  <span className="unread" data-testid="unread" data-count={count}>
                    <span aria-hidden>{count > 99 ? '99+' : count}</span>
                    <span className="visually-hidden">{t('home.unread', { count })}</span>
                  </span>
                )}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
