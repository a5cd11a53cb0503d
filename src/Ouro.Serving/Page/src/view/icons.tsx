/** The page's drawings, on a field of 24 by 24, as strokes. */
const paths = {
  plus: 'M12 5v14M5 12h14',
  menu: 'M4 7h16M4 12h16M4 17h10',
  close: 'M6 6l12 12M18 6L6 18',
  send: 'M12 19V5M6 11l6-6 6 6',
  stop: 'M7 7h10v10H7z',
  settings: 'M4 7h9M17 7h3M4 12h3M11 12h9M4 17h11M19 17h1M15 5v4M9 10v4M17 15v4',
  copy: 'M9 9h10v11H9zM15 9V5H5v10h4',
  check: 'M5 13l4 4L19 7',
  pencil: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  again: 'M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4',
  trash: 'M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12',
  save: 'M12 5v10M8 11l4 4 4-4M5 19h14',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v1M12 20v1M3 12h1M20 12h1M5.6 5.6l.8.8M17.6 17.6l.8.8M5.6 18.4l.8-.8M17.6 6.4l.8-.8',
  moon: 'M19 14a8 8 0 0 1-9-10 8 8 0 1 0 9 10z',
  half: 'M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16',
  down: 'M12 5v14M6 13l6 6 6-6',
  left: 'M14 7l-5 5 5 5',
  right: 'M10 7l5 5-5 5',
  depth: 'M4 6h16M6.5 11h11M9 16h6M11 20h2',
} as const;

export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
