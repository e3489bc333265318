import { useCallback } from 'react';
import type { Contact } from '../api/types';
import { useAppSelector } from '../store';

/** What to call a contact: the other's name, or the group's. */
export function useContactName(): (contact: Contact) => string {
  const users = useAppSelector((state) => state.users);
  const groups = useAppSelector((state) => state.contacts.groups);
  return useCallback(
    (contact) =>
      contact.groupId
        ? (groups[contact.groupId]?.name ?? `#${contact.groupId}`)
        : (users[contact.userId]?.nickname ?? `#${contact.userId}`),
    [users, groups],
  );
}

export function useUserName(): (userId: number) => string {
  const users = useAppSelector((state) => state.users);
  return useCallback((userId) => users[userId]?.nickname ?? `#${userId}`, [users]);
}
