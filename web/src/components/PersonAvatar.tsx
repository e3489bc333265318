import { Avatar } from 'antd';
import { fileUrl } from '../api/endpoints';
import { initials } from './layout';

const COLORS = ['#1d5bd6', '#0f8a6d', '#b4530a', '#8b3fb8', '#c02f5b', '#3f6212', '#0e7490', '#6d4c2f'];

/** A picture where there is one, else initials on a colour that stays the same for this person. */
export function PersonAvatar(props: { id: number; name: string; avatar?: string; size?: number; square?: boolean }) {
  const { id, name, avatar, size = 40, square = false } = props;
  return (
    <Avatar
      size={size}
      src={avatar ? fileUrl(avatar) : undefined}
      shape={square ? 'square' : 'circle'}
      style={{ backgroundColor: COLORS[id % COLORS.length], flex: 'none', fontSize: size * 0.4 }}
      aria-hidden
    >
      {initials(name)}
    </Avatar>
  );
}
