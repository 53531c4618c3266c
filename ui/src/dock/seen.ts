/** Calls back with whether anybody can see this page now; returns how to stop. */
export function whenSeen(listener: (seen: boolean) => void): () => void {
  let inView = true;
  const tell = () => listener(!document.hidden && inView);
  // A frame that is folded away, or scrolled out of the page, is not `hidden`.
  const observer = new IntersectionObserver((entries) => {
    inView = entries.at(-1)?.isIntersecting ?? true;
    tell();
  });
  observer.observe(document.documentElement);
  document.addEventListener('visibilitychange', tell);
  tell();
  return () => {
    observer.disconnect();
    document.removeEventListener('visibilitychange', tell);
  };
}
