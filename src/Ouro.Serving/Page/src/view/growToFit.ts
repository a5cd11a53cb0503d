/** Makes a text area as high as its text; the style sheet says where it stops and scrolls. */
export function growToFit(area: HTMLTextAreaElement): void {
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight + 2}px`;
}
