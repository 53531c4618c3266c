// Runs before the first paint: what the agent last chose, so that nothing flashes.
// src/state/appearance.ts writes the same keys.
(function () {
  try {
    var root = document.documentElement;
    var kept = JSON.parse(localStorage.getItem('omnibar.appearance') || '{}');
    if (kept.theme === 'light' || kept.theme === 'dark') root.dataset.theme = kept.theme;
    if (kept.density === 'compact') root.dataset.density = 'compact';
    if (kept.textSize >= 100 && kept.textSize <= 200) root.style.fontSize = kept.textSize + '%';
  } catch {
    // Without storage the system's theme is used until the first view comes.
  }
})();
