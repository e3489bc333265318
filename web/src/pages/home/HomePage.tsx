// Contacts on the left, the conversation with the chosen one on the right; one of them on a phone.
import { LogoutOutlined, TeamOutlined, UserAddOutlined } from '@ant-design/icons';
import { Alert, Badge, Button, Empty, Spin, Tooltip } from 'antd';
import { useEffect, useState } from 'react';
import { useNavigate, useParams } from 'react-router-dom';
import * as api from '../../api/endpoints';
import { LanguageSwitch } from '../../components/LanguageSwitch';
import { PersonAvatar } from '../../components/PersonAvatar';
import { useUserName } from '../../hooks/useNames';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppDispatch, useAppSelector } from '../../store';
import { loggedOut } from '../../store/authSlice';
import { byRecency } from '../../store/contactsSlice';
import { forgetUnread } from '../../store/unreadKept';
import { fetchUsers } from '../../store/usersSlice';
import { Conversation } from '../chat/Conversation';
import { ContactList } from './ContactList';
import { GroupDialog } from './GroupDialog';
import { PasswordDialog } from './PasswordDialog';
import { ProfileDialog } from './ProfileDialog';
import { RequestList } from './RequestList';
import { SearchDialog } from './SearchDialog';

export function HomePage() {
  const t = useTranslate();
  const navigate = useNavigate();
  const dispatch = useAppDispatch();
  const userName = useUserName();
  const me = useAppSelector((state) => state.auth.userId);
  const avatar = useAppSelector((state) => state.users[me]?.avatar);
  const { contacts, pending, loaded } = useAppSelector((state) => state.contacts);
  const feed = useAppSelector((state) => state.feed);
  const [dialog, setDialog] = useState<'search' | 'group' | 'profile' | 'password' | null>(null);
  const selectedId = Number(useParams().contactId ?? 0);
  const selected = contacts.find((contact) => contact.contactId === selectedId);

  useEffect(() => void dispatch(fetchUsers([me])), [dispatch, me]);

  function logOut() {
    // The server ends the login too; not reaching it is no reason to stay.
    api.logout().catch(() => {});
    dispatch(loggedOut());
    // A login that ends by itself goes on with its counts at the next one; who logs out leaves nothing here.
    forgetUnread(me);
  }

  return (
    <div className={selected ? 'home with-selection' : 'home'} data-testid="home">
      <aside className="home-side">
        <header className="home-me">
          <button type="button" className="home-profile" onClick={() => setDialog('profile')} data-testid="open-profile">
            <PersonAvatar id={me} name={userName(me)} avatar={avatar} />
            <strong data-testid="my-name" title={t('home.me', { name: userName(me) })}>
              {userName(me)}
            </strong>
          </button>
          <LanguageSwitch />
          <Tooltip title={t('app.logout')}>
            <Button
              type="text"
              icon={<LogoutOutlined />}
              aria-label={t('app.logout')}
              onClick={logOut}
              data-testid="logout"
            />
          </Tooltip>
        </header>
        {feed === 'reconnecting' && (
          <Alert banner type="warning" message={t('app.reconnecting')} data-testid="reconnecting" />
        )}
        <div className="home-actions">
          <Button icon={<UserAddOutlined />} onClick={() => setDialog('search')} data-testid="add-contact">
            {t('home.addContact')}
          </Button>
          <Button icon={<TeamOutlined />} onClick={() => setDialog('group')} data-testid="new-group">
            {t('home.newGroup')}
          </Button>
        </div>
        <div className="home-scroll">
          {pending.length > 0 && (
            <section>
              <h2>
                {t('home.requests')} <Badge count={pending.length} />
              </h2>
              <RequestList />
            </section>
          )}
          <section>
            <h2>{t('home.contacts')}</h2>
            {!loaded && <Spin className="home-spin" />}
            {loaded && contacts.length === 0 && (
              <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('home.noContacts')} />
            )}
            <ContactList
              contacts={byRecency(contacts)}
              selectedId={selectedId}
              onSelect={(contactId) => navigate(`/contact/${contactId}`)}
            />
          </section>
        </div>
      </aside>
      <main className="home-main">
        {selected ? (
          <Conversation key={selected.contactId} contact={selected} onBack={() => navigate('/')} />
        ) : (
          <Empty className="home-empty" image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('home.pick')} />
        )}
      </main>
      <SearchDialog open={dialog === 'search'} onClose={() => setDialog(null)} />
      <ProfileDialog
        open={dialog === 'profile'}
        onClose={() => setDialog(null)}
        onPassword={() => setDialog('password')}
      />
      <PasswordDialog open={dialog === 'password'} onClose={() => setDialog(null)} />
      <GroupDialog open={dialog === 'group'} onClose={() => setDialog(null)} />
    </div>
  );
}
