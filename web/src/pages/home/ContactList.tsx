import type { Contact } from '../../api/types';
import { PersonAvatar } from '../../components/PersonAvatar';
import { useContactName } from '../../hooks/useNames';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppSelector } from '../../store';

interface Props {
  contacts: Contact[];
  selectedId: number;
  onSelect(contactId: number): void;
}

export function ContactList({ contacts, selectedId, onSelect }: Props) {
  const t = useTranslate();
  const nameOf = useContactName();
  const users = useAppSelector((state) => state.users);
  return (
    <ul className="contact-list" data-testid="contact-list">
      {contacts.map((contact) => {
        const name = nameOf(contact);
        const about = contact.lastMessageContent || (contact.groupId ? t('home.group') : users[contact.userId]?.username);
        return (
          <li key={contact.contactId}>
            <button
              type="button"
              className={contact.contactId === selectedId ? 'row selected' : 'row'}
              aria-current={contact.contactId === selectedId}
              onClick={() => onSelect(contact.contactId)}
              data-testid={contact.groupId ? `group-${contact.groupId}` : `contact-${contact.userId}`}
            >
              <PersonAvatar
                id={contact.groupId || contact.userId}
                name={name}
                avatar={users[contact.userId]?.avatar}
                square={contact.groupId > 0}
              />
              <span className="row-text">
                <strong>{name}</strong>
                <small>{about}</small>
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
