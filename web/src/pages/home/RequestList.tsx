// People who want to be contacts. An accepted one appears among the contacts by the server's notification.
import { Button } from 'antd';
import { useState } from 'react';
import * as api from '../../api/endpoints';
import { PersonAvatar } from '../../components/PersonAvatar';
import { useUserName } from '../../hooks/useNames';
import { useReport } from '../../hooks/useReport';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppDispatch, useAppSelector } from '../../store';
import { requestHandled } from '../../store/contactsSlice';

export function RequestList() {
  const t = useTranslate();
  const report = useReport();
  const dispatch = useAppDispatch();
  const userName = useUserName();
  const pending = useAppSelector((state) => state.contacts.pending);
  const [busy, setBusy] = useState(0);

  async function answer(requestId: number, call: (requestId: number) => Promise<null>) {
    setBusy(requestId);
    try {
      await call(requestId);
      dispatch(requestHandled(requestId));
    } catch (error) {
      report(error);
    } finally {
      setBusy(0);
    }
  }

  return (
    <ul className="contact-list">
      {pending.map((request) => {
        const name = userName(request.requestUid);
        return (
          <li key={request.id} className="row" data-testid={`request-${request.requestUid}`}>
            <PersonAvatar id={request.requestUid} name={name} />
            <span className="row-text">
              <span>{t('request.wants', { name })}</span>
              <span className="row-actions">
                <Button
                  size="small"
                  type="primary"
                  loading={busy === request.id}
                  onClick={() => answer(request.id, api.acceptRequest)}
                  data-testid={`accept-${request.requestUid}`}
                >
                  {t('request.accept')}
                </Button>
                <Button
                  size="small"
                  onClick={() => answer(request.id, api.rejectRequest)}
                  data-testid={`decline-${request.requestUid}`}
                >
                  {t('request.reject')}
                </Button>
              </span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
