// Runs before the first paint, so that a chosen theme does not flash; the rest of the page loads after it.
try {
  const theme = localStorage.getItem('ouro.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage can be forbidden; then the system's theme holds.
}
