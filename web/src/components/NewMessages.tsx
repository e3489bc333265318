// Tells of messages that nobody has seen, also when another tab is in front: in the page's title, and by a sound.
import { useEffect, useRef } from 'react';
import { useAppSelector } from '../store';
import { unreadTotal } from '../store/unreadSlice';
import { chime } from './ringtone';

const TITLE = 'ichat';

export function NewMessages() {
  const count = useAppSelector(unreadTotal);
  const sound = useAppSelector((state) => state.settings.sound);
  const isStarting = useAppSelector((state) => state.feed === 'connecting');
  const before = useRef(count);

  useEffect(() => {
    document.title = count > 0 ? `(${count}) ${TITLE}` : TITLE;
    return () => {
      document.title = TITLE;
    };
  }, [count]);

  useEffect(() => {
    // What an earlier page has counted is no news.
    if (sound && !isStarting && count > before.current) chime();
    before.current = count;
  }, [count, sound, isStarting]);

  return null;
}
