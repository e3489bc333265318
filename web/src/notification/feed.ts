// Brings notifications into the store: one feed for a login, started and stopped by the app.
import * as api from '../api/endpoints';
import { NETWORK_ERROR, toApiError } from '../api/http';
import { type Contact, type ContactRequest, MessageType, type Message } from '../api/types';
import type { AppDispatch } from '../store';
import { callMessage, callSettled } from '../store/callsSlice';
import { contactAdded, fetchGroups, loadContacts, messageSeen, requestArrived } from '../store/contactsSlice';
import { feedChanged } from '../store/feedSlice';
import { fetchUsers } from '../store/usersSlice';
import { type Notification, NotificationClient } from './NotificationClient';
import { webSocketUrl } from './url';

const NotificationType = { Message: 1, Contact: 2, Request: 3, CallHandled: 4 } as const;
const SYNC_LIMIT = 50;

export function startFeed(login: { token: string; userId: number }, dispatch: AppDispatch): () => void {
  const feed = new Feed(login, dispatch);
  return () => feed.stop();
}

class Feed {
  private readonly client: NotificationClient;
  private lastDeliveryId = 0;
  private known = false;
  private stopped = false;

  constructor(
    private readonly login: { token: string; userId: number },
    private readonly dispatch: AppDispatch,
  ) {
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
    this.client.start();
  }

  stop(): void {
    this.stopped = true;
    removeEventListener('online', this.retryNow);
    this.client.stop();
  }

  private readonly retryNow = () => this.client.retryNow();

  private session(resumed: boolean, lastDeliveryId: number): void {
    this.dispatch(feedChanged('connected'));
    if (resumed) return;
    void this.dispatch(loadContacts());
    if (this.known) void this.sync(lastDeliveryId);
    else this.lastDeliveryId = lastDeliveryId;
    this.known = true;
  }

  /** After a break too long to resume: every delivery between the last one seen and now, newest first, in pages. */
  private async sync(upTo: number): Promise<void> {
    const from = this.lastDeliveryId;
    let last = 0;
    try {
      for (;;) {
        const page = await api.syncMessages(from, last, SYNC_LIMIT);
        if (this.stopped) return;
        for (const message of [...page].reverse()) this.message(message);
        if (page.length < SYNC_LIMIT) break;
        last = page[page.length - 1]?.deliveryId ?? 0;
      }
      this.lastDeliveryId = Math.max(this.lastDeliveryId, upTo);
    } catch {
      // The next new session asks again from the same place.
    }
  }

  private receive({ type, payload }: Notification): void {
    if (type === NotificationType.Message) this.message(payload as Message);
    else if (type === NotificationType.Contact) this.contact(payload as Contact);
    else if (type === NotificationType.Request) this.request(payload as ContactRequest);
    else if (type === NotificationType.CallHandled) this.dispatch(callSettled(payload as number));
  }

  private message(message: Message): void {
    this.lastDeliveryId = Math.max(this.lastDeliveryId, message.deliveryId);
    this.dispatch(messageSeen(message));
    if (message.type === MessageType.Call && message.call) {
      void this.dispatch(fetchUsers([message.call.callerId]));
      this.dispatch(callMessage({ message, me: this.login.userId }));
    }
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
