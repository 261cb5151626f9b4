const paths = {
  dash: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
  users: "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21a7 7 0 0 1 14 0M16 3.5a4 4 0 0 1 0 7.500M18.500 14.500A7 7 0 0 1 22 21",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
  monitor: "M3 12h4l3-8 4 16 3-8h4",
  trace: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM20 20l-4.500-4.500",
  master: "M12 3l8 3v6c0 4.500-3.200 7.800-8 9-4.800-1.200-8-4.500-8-9V6z",
  mail: "M3 6h18v12H3zM3.500 6.500 12 13l8.500-6.500",
  phone: "M5 4h4l2 5-2.500 1.500a11 11 0 0 0 5 5L15 13l5 2v4a1 1 0 0 1-1 1A15 15 0 0 1 4 5a1 1 0 0 1 1-1z",
  chat: "M4 5h16v11H9l-5 4z",
  plus: "M12 5v14M5 12h14", close: "M6 6l12 12M18 6 6 18", more: "M5 12h.010M12 12h.010M19 12h.010", check: "M5 12.500 10 17l9-10",
  warn: "M12 4 2.500 20h19zM12 10v4M12 17h.010", error: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 8v5M12 16h.010", info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8h.010",
  circle: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z", menu: "M4 7h16M4 12h16M4 17h16", up: "M6 15l6-6 6 6", down: "M6 9l6 6 6-6", grip: "M9 6h.010M9 12h.010M9 18h.010M15 6h.010M15 12h.010M15 18h.010",
  copy: "M9 9h11v11H9zM6 15H4V4h11v2", edit: "M4 20h4L20 8l-4-4L4 16zM13 7l4 4", trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13", code: "M8 7l-5 5 5 5M16 7l5 5-5 5", refresh: "M20 11a8 8 0 1 0-2 6M20 5v6h-6",
  out: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9", back: "M15 6l-6 6 6 6", download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  star: "M12 3.500l2.600 5.500 6 .800-4.400 4.100 1.100 6L12 17l-5.300 2.900 1.100-6L3.400 9.800l6-.800z", clip: "M8 12.500 14.500 6a3 3 0 0 1 4.300 4.300L10 19a5 5 0 0 1-7-7l8-8",
  reply: "M9 7l-5 5 5 5M4 12h10a6 6 0 0 1 6 6", forward: "M15 7l5 5-5 5M20 12H10a6 6 0 0 0-6 6", folder: "M3 6h6l2 2h10v11H3z", send: "M4 12l16-8-5 16-4-6z",
  inbox: "M4 13l3-8h10l3 8v6H4zM4 13h5l1 3h4l1-3h5", archive: "M4 5h16v4H4zM6 9v10h12V9M10 13h4", ban: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM6 6l12 12", unread: "M3 6h18v12H3zM3.500 6.500 12 13l8.500-6.500M20 3h.010",
  replyAll: "M12 7l-5 5 5 5M7 7l-5 5 5 5M7 12h8a6 6 0 0 1 6 6", image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.010", minus: "M6 18h12", full: "M9 4H4v5M15 20h5v-5M4 4l6 6M20 20l-6-6", quote: "M5 7h5v6H5zM14 7h5v6h-5zM10 13c0 3-2 4-4 4M19 13c0 3-2 4-4 4",
  list: "M9 6h11M9 12h11M9 18h11M4 6h.010M4 12h.010M4 18h.010", numbered: "M10 6h10M10 12h10M10 18h10M4 5h1v3M4 11h2l-2 3h2M4 17h2v3H4", link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1", clear: "M6 5h12M12 5l-2 8M4 20 20 4M9 20h6",
  in: "M19 5 7 17M7 8v9h9", away: "M5 19 17 7M8 7h9v9",
} as const;
export type IconName = keyof typeof paths;

/** A picture beside a word; alone it needs a label on what holds it. */
export function Icon({ name }: { name: IconName }) {
  return <svg className="icon" viewBox="0 0 24 24" aria-hidden="true"><path d={paths[name]} /></svg>;
}
