// One call from start to end: makes the ActiveCall for the id in the address and shows the stage or the end.
import { useEffect, useRef, useState } from 'react';
import { useParams } from 'react-router-dom';
import { ActiveCall } from '../../call/ActiveCall';
import { useAppDispatch, useAppSelector } from '../../store';
import { NotFoundPage } from '../NotFoundPage';
import { CallEnd } from './CallEnd';
import { CallStage } from './CallStage';

export function CallPage() {
  const callId = Number(useParams().callId);
  const [round, setRound] = useState(0);
  if (!Number.isSafeInteger(callId) || callId <= 0) return <NotFoundPage />;
  // A new key makes a new membership: for another call, and for joining again.
  return <OneCall key={`${callId}/${round}`} callId={callId} onAgain={() => setRound(round + 1)} />;
}

function OneCall({ callId, onAgain }: { callId: number; onAgain(): void }) {
  const dispatch = useAppDispatch();
  const userId = useAppSelector((state) => state.auth.userId);
  const phase = useAppSelector((state) => state.call.phase);
  const quality = useAppSelector((state) => state.settings.quality);
  const firstQuality = useRef(quality);
  const [call, setCall] = useState<ActiveCall | null>(null);

  useEffect(() => {
    const active = new ActiveCall(callId, userId, firstQuality.current, dispatch);
    setCall(active);
    return () => active.dispose();
  }, [callId, userId, dispatch]);

  useEffect(() => {
    void call?.client.local.setQuality(quality);
  }, [call, quality]);

  return (
    <div className="call-page" data-testid="call-page" data-phase={phase}>
      {phase === 'ended' ? <CallEnd onAgain={onAgain} /> : call && <CallStage call={call} />}
    </div>
  );
}
