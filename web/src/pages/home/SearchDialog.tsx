// Find people by the start of their user name, and ask them to be contacts.
import { Button, Empty, Input, Modal } from 'antd';
import { useState } from 'react';
import * as api from '../../api/endpoints';
import type { FoundUser } from '../../api/types';
import { PersonAvatar } from '../../components/PersonAvatar';
import { useReport } from '../../hooks/useReport';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppDispatch } from '../../store';
import { usersSeen } from '../../store/usersSlice';

interface Found {
  keyword: string;
  page: number;
  users: FoundUser[];
  more: boolean;
}

export function SearchDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  const t = useTranslate();
  const report = useReport();
  const dispatch = useAppDispatch();
  const [found, setFound] = useState<Found | null>(null);
  const [asked, setAsked] = useState<number[]>([]);
  const [busy, setBusy] = useState(false);

  async function search(text: string, page: number) {
    const keyword = text.trim();
    if (!keyword) return setFound(null);
    setBusy(true);
    try {
      const users = await api.searchUsers(keyword, page);
      dispatch(usersSeen(users));
      const before = page > 1 && found ? found.users : [];
      setFound({ keyword, page, users: [...before, ...users], more: users.length === api.SEARCH_PAGE });
    } catch (error) {
      report(error);
    } finally {
      setBusy(false);
    }
  }

  async function add(userId: number) {
    try {
      await api.requestContact(userId);
      setAsked((list) => [...list, userId]);
    } catch (error) {
      report(error);
    }
  }

  function close() {
    setFound(null);
    setAsked([]);
    onClose();
  }

  return (
    <Modal open={open} onCancel={close} footer={null} title={t('search.title')} destroyOnHidden>
      <Input.Search
        autoFocus
        allowClear
        enterButton
        loading={busy}
        placeholder={t('search.placeholder')}
        onSearch={(text) => void search(text, 1)}
        data-testid="search-input"
      />
      {found?.users.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('search.none')} />}
      <ul className="contact-list">
        {found?.users.map((user) => (
          <li key={user.userId} className="row" data-testid={`found-${user.userId}`}>
            <PersonAvatar id={user.userId} name={user.nickname} avatar={user.avatar} />
            <span className="row-text">
              <strong>{user.nickname}</strong>
              <small>{user.username}</small>
            </span>
            <AddButton user={user} asked={asked.includes(user.userId)} onAdd={() => void add(user.userId)} />
          </li>
        ))}
      </ul>
      {found?.more && (
        <Button type="link" block loading={busy} onClick={() => void search(found.keyword, found.page + 1)}>
          {t('search.more')}
        </Button>
      )}
    </Modal>
  );
}

function AddButton({ user, asked, onAdd }: { user: FoundUser; asked: boolean; onAdd(): void }) {
  const t = useTranslate();
  const text = user.isFriend
    ? t('search.isContact')
    : asked
      ? t('search.sent')
      : user.pendingRequest
        ? t('search.waiting')
        : null;
  if (text) return <small data-testid={`asked-${user.userId}`}>{text}</small>;
  return (
    <Button type="primary" onClick={onAdd} data-testid={`add-${user.userId}`}>
      {t('search.add')}
    </Button>
  );
}
