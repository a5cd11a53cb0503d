import { useEffect } from 'preact/hooks';
import { deleted, notice, restoreChat } from '../chat/store';

/** Short messages at the foot of the page: a deleted chat that can come back, a storage that is full. */
export function Notices() {
  const gone = deleted.value;
  useEffect(() => {
    if (!gone) return;
    const timer = setTimeout(() => { deleted.value = null; }, 8000);
    return () => clearTimeout(timer);
  }, [gone]);
  if (notice.value !== '')
    return <div class="notice" role="alert">{notice.value} <button type="button" class="quiet" onClick={() => { notice.value = ''; }}>Close</button></div>;
  if (gone) return <div class="notice" role="status">Deleted “<bdi>{gone.title}</bdi>”. <button type="button" class="quiet" onClick={restoreChat}>Undo</button></div>;
  return null;
}
