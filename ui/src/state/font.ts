/** Text is worth waiting for, but not long, ms. */
const PATIENCE_MS = 200;

/** The typeface is there, or has been waited for long enough. */
export async function fontReady(): Promise<void> {
  // Absent where nothing is drawn (jsdom).
  const fonts: FontFaceSet | undefined = document.fonts;
  if (!fonts) return;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  await Promise.race([fonts.load('1rem "Inter Variable"'), late]).catch(() => undefined);
}
