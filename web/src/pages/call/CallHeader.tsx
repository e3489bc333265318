// What call this is and how it goes.
import { Tag } from 'antd';
import { memo, useEffect, useState } from 'react';
import { CallStatus } from '../../api/types';
import { MemberState } from '../../call/protocol';
import { duration } from '../../components/layout';
import { useTranslate } from '../../hooks/useTranslate';
import type { TextKey } from '../../i18n';
import { useAppSelector } from '../../store';
import type { CallState } from '../../store/callSlice';

const COLORS = {
  'call.connecting': 'default',
  'call.reconnecting': 'orange',
  'call.mediaBroken': 'orange',
  'call.ringing': 'blue',
  'call.mediaConnecting': 'blue',
  'call.live': 'green',
} satisfies Partial<Record<TextKey, string>>;

/** One text for the state of everything, worst first. */
function statusOf(call: CallState): keyof typeof COLORS {
  if (call.phase === 'preparing') return call.link === 'reconnecting' ? 'call.reconnecting' : 'call.connecting';
  if (call.link !== 'connected') return 'call.reconnecting';
  const media = Object.values(call.pcs);
  if (media.includes('failed') || media.includes('disconnected')) return 'call.mediaBroken';
  if (call.status !== CallStatus.Active) return 'call.ringing';
  return media.includes('connecting') ? 'call.mediaConnecting' : 'call.live';
}

export const CallHeader = memo(function CallHeader() {
  const t = useTranslate();
  const status = useAppSelector((state) => statusOf(state.call));
  const members = useAppSelector((state) => state.call.members);
  const startTime = useAppSelector((state) => state.call.startTime);
  const online = members.filter((member) => member.state === MemberState.Online).length;
  return (
    <header className="call-header">
      <strong className="call-names">{members.map((member) => member.nickname).join(', ')}</strong>
      <Tag color={COLORS[status]} role="status" data-testid="call-status" data-status={status}>
        {t(status)}
      </Tag>
      {members.length > 0 && (
        <span data-testid="call-online">
          {online} / {members.length}
        </span>
      )}
      {startTime && <Clock since={startTime} />}
    </header>
  );
});

function Clock({ since }: { since: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time className="call-clock" dateTime={since}>
      {duration((now - Date.parse(since)) / 1_000)}
    </time>
  );
}
