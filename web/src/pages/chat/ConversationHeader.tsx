// Who a conversation is with, and the buttons that call and show the members.
import { ArrowLeftOutlined, TeamOutlined, VideoCameraFilled } from '@ant-design/icons';
import { Button, Drawer, Tooltip } from 'antd';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router-dom';
import * as api from '../../api/endpoints';
import type { Contact, User } from '../../api/types';
import { PersonAvatar } from '../../components/PersonAvatar';
import { useContactName } from '../../hooks/useNames';
import { useReport } from '../../hooks/useReport';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppDispatch, useAppSelector } from '../../store';
import { usersSeen } from '../../store/usersSlice';
import { CallMembersDialog } from '../home/CallMembersDialog';

export function ConversationHeader({ contact, onBack }: { contact: Contact; onBack(): void }) {
  const t = useTranslate();
  const report = useReport();
  const navigate = useNavigate();
  const dispatch = useAppDispatch();
  const nameOf = useContactName();
  const me = useAppSelector((state) => state.auth.userId);
  const user = useAppSelector((state) => state.users[contact.userId]);
  const group = useAppSelector((state) => state.contacts.groups[contact.groupId]);
  const [members, setMembers] = useState<User[]>([]);
  const [choosing, setChoosing] = useState(false);
  const [listing, setListing] = useState(false);
  const [busy, setBusy] = useState(false);
  const isGroup = contact.groupId > 0;

  useEffect(() => {
    let current = true;
    api.contactMembers(contact.contactId).then((list) => {
      dispatch(usersSeen(list));
      if (current) setMembers(list);
    }, report);
    return () => {
      current = false;
    };
  }, [contact.contactId, dispatch, report]);

  async function call(userIds: number[]) {
    setBusy(true);
    try {
      const callId = await api.createCall(contact.contactId, userIds);
      navigate(`/call/${callId}`);
    } catch (error) {
      report(error);
      setBusy(false);
    }
  }

  const name = nameOf(contact);
  const about = isGroup ? (members.length > 0 ? t('chat.membersCount', { count: members.length }) : '') : user?.username;
  return (
    <header className="chat-header">
      <Button
        className="chat-back"
        type="text"
        icon={<ArrowLeftOutlined />}
        aria-label={t('app.back')}
        onClick={onBack}
        data-testid="chat-back"
      />
      <PersonAvatar
        id={contact.groupId || contact.userId}
        name={name}
        avatar={(isGroup ? group : user)?.avatar}
        size={40}
        square={isGroup}
      />
      <div className="chat-title">
        <h2 data-testid="contact-name">{name}</h2>
        <small>{about}</small>
      </div>
      {isGroup && (
        <Tooltip title={t('chat.members')}>
          <Button
            type="text"
            shape="circle"
            icon={<TeamOutlined />}
            aria-label={t('chat.members')}
            onClick={() => setListing(true)}
            data-testid="show-members"
          />
        </Tooltip>
      )}
      <Button
        type="primary"
        shape="round"
        icon={<VideoCameraFilled />}
        loading={busy}
        disabled={isGroup && members.length === 0}
        aria-label={t(isGroup ? 'call.callGroup' : 'call.call')}
        onClick={() => (isGroup ? setChoosing(true) : void call([contact.userId]))}
        data-testid="start-call"
      >
        <span className="wide-only">{t(isGroup ? 'call.callGroup' : 'call.call')}</span>
      </Button>
      <CallMembersDialog
        open={choosing}
        members={members.filter((other) => other.userId !== me)}
        busy={busy}
        onClose={() => setChoosing(false)}
        onCall={(userIds) => void call(userIds)}
      />
      <Drawer open={listing} onClose={() => setListing(false)} title={t('home.members', { count: members.length })} width={320}>
        <ul className="contact-list" data-testid="member-list">
          {members.map((other) => (
            <li key={other.userId} className="row">
              <PersonAvatar id={other.userId} name={other.nickname} avatar={other.avatar} size={36} />
              <span className="row-text">
                <strong>{other.userId === me ? `${other.nickname} (${t('home.you')})` : other.nickname}</strong>
                <small>{other.username}</small>
              </span>
            </li>
          ))}
        </ul>
      </Drawer>
    </header>
  );
}
