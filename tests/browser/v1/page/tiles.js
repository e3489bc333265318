// One <video> a member: those Rejected or Dead are not shown, one whose socket is down keeps an empty tile.
const HIDDEN = [2, 6];

const tiles = new Map();

export const tileOf = (userId) => tiles.get(userId);

export function showMember(userId, state, name) {
  if (HIDDEN.includes(state)) removeTile(userId);
  else makeTile(userId).querySelector('.name').textContent = `${name ?? userId} (${state})`;
}

export function showStream(userId, stream) {
  const video = tiles.get(userId)?.querySelector('video');
  if (video && video.srcObject !== (stream ?? null)) video.srcObject = stream ?? null;
}

function makeTile(userId) {
  if (tiles.has(userId)) return tiles.get(userId);
  const tile = document.createElement('div');
  tile.className = 'tile';
  tile.dataset.user = userId;
  const video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true });
  tile.append(video, Object.assign(document.createElement('span'), { className: 'name' }));
  document.querySelector('#tiles').append(tile);
  tiles.set(userId, tile);
  return tile;
}

function removeTile(userId) {
  tiles.get(userId)?.remove();
  tiles.delete(userId);
}
