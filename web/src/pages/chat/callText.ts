// What a call's entry in a conversation says.
import { type Call, CallStatus } from '../../api/types';
import { duration } from '../../components/layout';
import { isTextKey, type Translate } from '../../i18n';
import { membersOf } from '../../store/callsSlice';

type CallFacts = Pick<Call, 'status' | 'startTime' | 'endTime' | 'endReason' | 'members'>;

/** How long it was, for an end after talking; else why it ended; else how it goes. */
export function callText(t: Translate, call: CallFacts): string {
  if (call.status === CallStatus.Active) return t('chat.call.live');
  if (call.status !== CallStatus.End) return t('chat.call.calling');
  if (call.startTime && call.endTime) {
    const seconds = (Date.parse(call.endTime) - Date.parse(call.startTime)) / 1_000;
    return t('chat.call.lasted', { time: duration(seconds) });
  }
  const key = `chat.call.end.${call.endReason}`;
  return t(isTextKey(key) ? key : 'chat.call.end');
}

/** Whether one can go (back) into it from the conversation. */
export function canJoin(call: CallFacts, me: number): boolean {
  return (call.status === CallStatus.Ready || call.status === CallStatus.Active) && membersOf(call).includes(me);
}
