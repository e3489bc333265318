// Brings notifications into the store: one feed for a login, started and stopped by the app.
import * as api from '../api/endpoints';
import { NETWORK_ERROR, toApiError } from '../api/http';
import { type Contact, type ContactRequest, MessageType, type Message } from '../api/types';
import type { AppDispatch } from '../store';
import { callMessage, callSettled } from '../store/callsSlice';
import { historyForgotten, messageArrived, messagesCaughtUp } from '../store/chatActions';
import { contactAdded, fetchGroups, loadContacts, requestArrived } from '../store/contactsSlice';
import { feedChanged } from '../store/feedSlice';
import { forgetUnread, readUnread, UNREAD_KEY } from '../store/unreadKept';
import { countsForgotten, positionMoved, readElsewhere, unreadRestored } from '../store/unreadSlice';
import { fetchUsers } from '../store/usersSlice';
import { CatchUp, SYNC_PAGE } from './CatchUp';
import { type Notification, NotificationClient } from './NotificationClient';
import { webSocketUrl } from './url';

const NotificationType = { Message: 1, Contact: 2, Request: 3, CallHandled: 4 } as const;

export function startFeed(login: { token: string; userId: number }, dispatch: AppDispatch): () => void {
  const feed = new Feed(login, dispatch);
  return () => feed.stop();
}

class Feed {
  private readonly client: NotificationClient;
  private readonly catchUp: CatchUp;

  constructor(
    private readonly login: { token: string; userId: number },
    private readonly dispatch: AppDispatch,
  ) {
    const kept = readUnread(login.userId);
    dispatch(unreadRestored(kept));
    this.catchUp = new CatchUp(
      {
        page: (after, before) => api.syncMessages(after, before, SYNC_PAGE),
        apply: (messages, isOld) => this.missed(messages, isOld),
        moved: (position) => dispatch(positionMoved(position)),
        overflow: () => dispatch(historyForgotten()),
        restarted: () => this.restarted(),
        reload: () => dispatch(loadContacts()).unwrap(),
      },
      kept?.position,
    );
    this.client = new NotificationClient(
      webSocketUrl('/api/ws/notification'),
      login.token,
      {
        session: (resumed, lastDeliveryId) => this.session(resumed, lastDeliveryId),
        notification: (notification) => this.receive(notification),
        broken: (greeted) => this.broken(greeted),
      },
      (url) => new WebSocket(url),
    );
    addEventListener('online', this.retryNow);
    document.addEventListener('visibilitychange', this.retryNow);
    addEventListener('storage', this.otherTab);
    this.client.start();
  }

  stop(): void {
    removeEventListener('online', this.retryNow);
    document.removeEventListener('visibilitychange', this.retryNow);
    removeEventListener('storage', this.otherTab);
    this.catchUp.stop();
    this.client.stop();
  }

  private readonly retryNow = () => this.client.retryNow();

  private readonly otherTab = ({ key }: StorageEvent) => {
    const kept = key === UNREAD_KEY ? readUnread(this.login.userId) : null;
    if (kept) this.dispatch(readElsewhere(kept.read));
  };

  private session(resumed: boolean, lastDeliveryId: number): void {
    this.dispatch(feedChanged('connected'));
    if (!resumed) this.catchUp.begin(lastDeliveryId);
  }

  private receive({ type, payload }: Notification): void {
    if (type === NotificationType.Message) this.message(payload as Message & { isNew: boolean });
    else if (type === NotificationType.Contact) this.contact(payload as Contact);
    else if (type === NotificationType.Request) this.request(payload as ContactRequest);
    else if (type === NotificationType.CallHandled) this.dispatch(callSettled(payload as number));
  }

  private message({ isNew, ...message }: Message & { isNew: boolean }): void {
    this.dispatch(messageArrived({ message, isNew, me: this.login.userId, now: Date.now() }));
    this.catchUp.seen(message.deliveryId);
    this.call(message);
  }

  private missed(messages: Message[], isOld: boolean): void {
    this.dispatch(messagesCaughtUp({ messages, me: this.login.userId }));
    // Of a call from before the page was there it is not known whether it was declined.
    if (!isOld) messages.forEach((message) => this.call(message));
  }

  private restarted(): void {
    forgetUnread(this.login.userId);
    this.dispatch(countsForgotten());
  }

  private call(message: Message): void {
    if (message.type !== MessageType.Call || !message.call) return;
    void this.dispatch(fetchUsers([message.call.callerId]));
    this.dispatch(callMessage({ message, me: this.login.userId }));
  }

  private contact(contact: Contact): void {
    void this.dispatch(fetchUsers([contact.userId]));
    void this.dispatch(fetchGroups([contact.groupId]));
    this.dispatch(contactAdded(contact));
  }

  private request(request: ContactRequest): void {
    void this.dispatch(fetchUsers([request.requestUid]));
    this.dispatch(requestArrived(request));
  }

  private broken(greeted: boolean): void {
    this.dispatch(feedChanged('reconnecting'));
    // Turned away before the hello: perhaps the login is gone. Any request tells, and a lost login logs out by itself.
    if (!greeted) {
      api.pendingRequests().catch((error: unknown) => {
        if (toApiError(error).code !== NETWORK_ERROR) console.warn('notifications are refused', error);
      });
    }
  }
}
