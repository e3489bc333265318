// One contact or group: who it is, and the button that calls.
import { ArrowLeftOutlined, VideoCameraFilled } from '@ant-design/icons';
import { Button, Typography } from 'antd';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router-dom';
import * as api from '../../api/endpoints';
import type { Contact, User } from '../../api/types';
import { PersonAvatar } from '../../components/PersonAvatar';
import { useContactName } from '../../hooks/useNames';
import { useReport } from '../../hooks/useReport';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppSelector } from '../../store';
import { CallMembersDialog } from './CallMembersDialog';

export function ContactPane({ contact, onBack }: { contact: Contact; onBack(): void }) {
  const t = useTranslate();
  const report = useReport();
  const navigate = useNavigate();
  const nameOf = useContactName();
  const me = useAppSelector((state) => state.auth.userId);
  const [members, setMembers] = useState<User[]>([]);
  const [choosing, setChoosing] = useState(false);
  const [busy, setBusy] = useState(false);
  const isGroup = contact.groupId > 0;

  useEffect(() => {
    let current = true;
    api.contactMembers(contact.contactId).then((list) => current && setMembers(list), report);
    return () => {
      current = false;
    };
  }, [contact.contactId, report]);

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
  return (
    <div className="contact-pane" data-testid="contact-pane">
      <Button className="contact-back" type="text" icon={<ArrowLeftOutlined />} aria-label={t('app.back')} onClick={onBack} />
      <PersonAvatar id={contact.groupId || contact.userId} name={name} size={96} square={isGroup} />
      <Typography.Title level={3} data-testid="contact-name">
        {name}
      </Typography.Title>
      <Button
        type="primary"
        size="large"
        shape="round"
        icon={<VideoCameraFilled />}
        loading={busy}
        onClick={() => (isGroup ? setChoosing(true) : void call([contact.userId]))}
        data-testid="start-call"
      >
        {t(isGroup ? 'call.callGroup' : 'call.call')}
      </Button>
      {isGroup && (
        <section className="members">
          <h2>{t('home.members', { count: members.length })}</h2>
          <ul className="contact-list">
            {members.map((user) => (
              <li key={user.userId} className="row">
                <PersonAvatar id={user.userId} name={user.nickname} avatar={user.avatar} size={32} />
                <span className="row-text">
                  <strong>{user.userId === me ? `${user.nickname} (${t('home.you')})` : user.nickname}</strong>
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <CallMembersDialog
        open={choosing}
        members={members.filter((user) => user.userId !== me)}
        busy={busy}
        onClose={() => setChoosing(false)}
        onCall={(userIds) => void call(userIds)}
      />
    </div>
  );
}
