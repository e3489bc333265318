// Whom of a group to call: everybody unless some are taken out.
import { Checkbox, Modal } from 'antd';
import { useEffect, useState } from 'react';
import type { User } from '../../api/types';
import { useTranslate } from '../../hooks/useTranslate';

interface Props {
  open: boolean;
  members: User[];
  busy: boolean;
  onClose(): void;
  onCall(userIds: number[]): void;
}

export function CallMembersDialog({ open, members, busy, onClose, onCall }: Props) {
  const t = useTranslate();
  const [without, setWithout] = useState<number[]>([]);
  useEffect(() => {
    if (open) setWithout([]);
  }, [open]);
  const chosen = members.map((user) => user.userId).filter((userId) => !without.includes(userId));
  const toggle = (userId: number) =>
    setWithout((list) => (list.includes(userId) ? list.filter((id) => id !== userId) : [...list, userId]));

  return (
    <Modal
      open={open}
      onCancel={onClose}
      onOk={() => onCall(chosen)}
      confirmLoading={busy}
      title={t('call.choose')}
      okText={t('call.start', { count: chosen.length })}
      okButtonProps={{ disabled: chosen.length === 0, 'data-testid': 'start-group-call' }}
    >
      <div className="checks">
        {members.map((user) => (
          <Checkbox
            key={user.userId}
            checked={!without.includes(user.userId)}
            onChange={() => toggle(user.userId)}
            data-testid={`call-member-${user.userId}`}
          >
            {user.nickname}
          </Checkbox>
        ))}
      </div>
    </Modal>
  );
}
