// What call this is and how it goes.
import { Tag } from 'antd';
import { useEffect, useState } from 'react';
import { CallStatus } from '../../api/types';
import { MemberState } from '../../call/protocol';
import { duration } from '../../components/layout';
import { useTranslate } from '../../hooks/useTranslate';
import type { TextKey } from '../../i18n';
import { useAppSelector } from '../../store';
import type { CallState } from '../../store/callSlice';

/** One word for the state of everything, worst first. Exported for its test. */
export function callStatus(call: CallState): { key: TextKey; color: string } {
  if (call.phase === 'preparing') {
    return { key: call.link === 'reconnecting' ? 'call.reconnecting' : 'call.connecting', color: 'default' };
  }
  if (call.link !== 'connected') return { key: 'call.reconnecting', color: 'orange' };
  const media = Object.values(call.pcs);
  if (media.includes('failed') || media.includes('disconnected')) return { key: 'call.mediaBroken', color: 'orange' };
  if (call.status !== CallStatus.Active) return { key: 'call.ringing', color: 'blue' };
  if (media.includes('connecting')) return { key: 'call.mediaConnecting', color: 'blue' };
  return { key: 'call.live', color: 'green' };
}

export function CallHeader() {
  const t = useTranslate();
  const call = useAppSelector((state) => state.call);
  const status = callStatus(call);
  const online = call.members.filter((member) => member.state === MemberState.Online).length;
  return (
    <header className="call-header">
      <strong className="call-names">{call.members.map((member) => member.nickname).join(', ')}</strong>
      <Tag color={status.color} role="status" data-testid="call-status" data-status={status.key}>
        {t(status.key)}
      </Tag>
      {call.members.length > 0 && (
        <span data-testid="call-online">
          {online} / {call.members.length}
        </span>
      )}
      {call.startTime && <Clock since={call.startTime} />}
    </header>
  );
}

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
