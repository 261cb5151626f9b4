// Mail: mailboxes, messages, and the one that is read.
import "./mail.css";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore, type DragEvent, type FormEvent } from "react";
import { useAct, useCall } from "../../api/hooks";
import type { Mailbox, Message } from "../../api/generated/types";
import { Button, Field, Menu, Segments } from "../../components/controls";
import { DensityField } from "../../components/DensityField";
import { confirm, Dialog, FormDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { tell } from "../../components/ProblemNote";
import { t } from "../../i18n";
import { number, size } from "../../i18n/format";
import { useDensity, useGrouping, usePane, type Pane } from "../../preferences";
import { navigate, useSearch } from "../../router";
import { begin, forward, reply, resume } from "../compose/answers";
import { mark, move, remove } from "./actions";
import { Progress, useEverything } from "./everything";
import { flagged, holds, idsOf, unread } from "./threads";
import { boxName, tree, withRole, type Box } from "./boxes";
import { ME, useBoxes, useFound, useLiveMail, useMailbox } from "./data";
import { useKeys, type Keys } from "./keys";
import { List } from "./List";
import { everybody } from "./people";
import { NothingOpen, Reader } from "./Reader";
import { body, parse, print, type Query } from "./search";
import { call } from "../../api/client";
import { remember } from "../compose/known";

const narrowScreen = matchMedia("(max-width: 800px)");
const useNarrow = () => useSyncExternalStore((watcher) => { narrowScreen.addEventListener("change", watcher); return () => narrowScreen.removeEventListener("change", watcher); }, () => narrowScreen.matches);

/** Goes to a place of this page; what is null leaves the address. */
function go(change: Record<string, string | null>, replace = false) {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(change)) if (value === null) query.delete(key); else query.set(key, value);
  navigate(`${location.pathname}${query.size > 0 ? `?${query}` : ""}`, { replace });
}

export default function Mail() {
  useLiveMail();
  const [chosenBox] = useSearch("in", "");
  const [open] = useSearch("m", "");
  const [typed] = useSearch("q", "");
  const [pane, setPane] = usePane();
  const [density] = useDensity();
  const narrow = useNarrow();
  const { data: page } = useBoxes();
  const { data: account } = useCall("getAccount", ME, { staleTime: 60_000 });
  const boxes = useMemo(() => page?.data ?? [], [page]);
  const box = boxes.find((one) => one.id === chosenBox) ?? withRole(boxes, "inbox");
  const query = useMemo(() => parse(typed), [typed]);
  const searching = typed !== "";
  const [grouping, setGrouping] = useGrouping();
  // Each draft is gone on with by itself.
  const threads = grouping === "threads" && box?.role !== "drafts";
  const inBox = useMailbox(box, threads, !searching);
  const found = useFound(useMemo(() => body(query, boxes), [query, boxes]), searching && boxes.length > 0);
  const source = searching ? found : inBox;
  const own = useMemo(() => (account ? [account.address, ...account.aliases.map((name) => `${name}@${account.domain}`)] : []), [account]);
  const [cursor, setCursor] = useState(-1);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Message>>(new Map());
  const [all, setAll] = useState(false);
  const [help, setHelp] = useState(false);
  const [folders, setFolders] = useState(false);
  const [moving, setMoving] = useState(false);
  const anchor = useRef(-1);
  const latest = useRef<Message>(undefined);
  const place = `${box?.id} ${typed} ${threads}`;
  const chooseNone = () => { setChosen(new Map()); setAll(false); };
  useEffect(() => { setCursor(-1); chooseNone(); setFolders(false); }, [place]);

  const single = narrow || pane === "off";
  const reading = open !== "";
  const at = source.row(cursor);

  const show = useCallback((index: number) => {
    const message = source.row(index);
    setCursor(index);
    anchor.current = index;
    if (!message) return;
    remember(everybody(message));
    if (message.keywords.$draft) { void call("getMessage", { ...ME, id: message.id }).then(resume, tell); return; }
    go({ m: message.id }, reading || !single);
  }, [source, reading, single]);
  const shut = useCallback(() => { latest.current = undefined; go({ m: null }, true); }, []);
  const choose = (index: number, range: boolean) => setChosen((old) => {
    // Who takes one out of all goes on with those that were read.
    const next = new Map(all ? source.loaded().map((one) => [one.id, one] as const) : old);
    setAll(false);
    const [from, to] = range && anchor.current >= 0 ? [Math.min(anchor.current, index), Math.max(anchor.current, index)] : [index, index];
    for (let one = from; one <= to; one += 1) {
      const message = source.row(one);
      if (!message) continue;
      if (!range && next.has(message.id)) next.delete(message.id); else next.set(message.id, message);
    }
    anchor.current = index;
    return next;
  });
  // What a search finds is known when all was read.
  const count = searching ? (source.more ? null : source.count) : box?.messages ?? 0;
  const everything = useEverything({ filter: searching ? body(query, boxes) : { mailbox: box?.id ?? null }, count, boxes, onDone: chooseNone });
  const choosing = all || chosen.size > 0;
  /** The message that is read; the list knows first where it stands now. */
  const read = (): Message | undefined => {
    const one = reading && latest.current?.id === open ? latest.current : undefined;
    return one && holds(at, one.id) ? { ...one, mailboxes: at?.mailboxes ?? one.mailboxes, ...(at?.thread && { thread: at.thread }) } : one;
  };
  const readOnes = () => [read()].filter((one) => one !== undefined);
  /** What an action is for: the chosen ones, else the one read, else the one under the cursor. */
  const targets = (): Message[] => {
    if (choosing) return [...chosen.values()];
    const one = read() ?? at;
    return one ? [one] : [];
  };
  /** After messages left the list: the next one takes their place. */
  const left = (gone: readonly Message[]) => {
    chooseNone();
    if (!reading) return;
    if (choosing || single) { shut(); return; }
    let next = Math.max(cursor, 0);
    while (gone.some((one) => holds(source.row(next), one.id))) next += 1;
    const [below, above] = [source.row(next), source.row(cursor - 1)];
    if (!below && above) setCursor(cursor - 1);
    const following = below ?? above;
    if (following && !following.keywords.$draft && !holds(following, open)) go({ m: following.id }, true); else shut();
  };
  const moveThese = (to: Mailbox | undefined, list: readonly Message[]) => { if (to && list.length > 0) { left(list); void move(list, to); } };
  const removeThese = (list: readonly Message[]) => remove(list, boxes, () => left(list));
  const moveTo = (to: Mailbox | undefined) => { if (!all) moveThese(to, targets()); else if (to) everything.moveTo(to); };
  const removeAll = () => { if (all) everything.remove(); else removeThese(targets()); };
  const keyword = (name: string, on: boolean) => { if (all) everything.mark(name, on); else void mark(targets(), name, on); };
  const step = (by: number) => {
    const next = Math.max(0, Math.min(source.count - 1, cursor + by));
    if (source.count === 0) return;
    if (reading || !single) show(next); else setCursor(next);
  };
  const flag = (list: readonly Message[]) => void mark(list, "$flagged", !list.every(flagged));
  const answer = (how: (message: Message) => void) => {
    const one = targets()[0];
    if (!one) return;
    if (one.body) how(one); else void call("getMessage", { ...ME, id: one.id }).then(how, tell);
  };
  const keys: Keys = {
    j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
    Enter: () => { if (cursor >= 0) show(cursor); }, o: () => { if (cursor >= 0) show(cursor); },
    x: () => { if (cursor >= 0) choose(cursor, false); },
    s: () => keyword("$flagged", all || !targets().every(flagged)),
    u: () => { const list = targets(); keyword("$seen", all || list.some((one) => unread(one) > 0)); if (reading) shut(); },
    e: () => moveTo(withRole(boxes, "archive")),
    "!": () => moveTo(withRole(boxes, "junk")),
    "#": () => removeAll(), Delete: () => removeAll(),
    v: () => { if (all || targets().length > 0) setMoving(true); },
    r: () => answer((one) => reply(one, own, false)), a: () => answer((one) => reply(one, own, true)), f: () => answer(forward),
    c: () => begin(),
    "*": () => { if (source.count > 0) setAll(true); },
    "/": () => document.querySelector<HTMLInputElement>(".search-bar input")?.focus(),
    "?": () => setHelp(true),
    Escape: () => { if (choosing) chooseNone(); else if (reading) shut(); else if (searching) go({ q: null }); },
  };
  const hear = useKeys(keys);
  const drag = (event: DragEvent, message: Message) => {
    const list = chosen.has(message.id) ? [...chosen.values()] : [message];
    dragged.current = list;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", list.map((one) => one.subject).join("\n"));
  };
  const dragged = useRef<Message[]>([]);
  const drop = (to: Mailbox) => { if (all) everything.moveTo(to); else moveThese(to, dragged.current); };

  const title = searching ? t("Search") : box ? boxName(box) : t("Mail");
  const items = tree(boxes);
  const showList = !(single && reading);
  return (
    <main className={`mail pane-${narrow ? "off" : pane}`} id="content">
      <h1 className="hidden">{title}</h1>
      <Folders items={items} current={searching ? "" : box?.id ?? ""} open={folders} onClose={() => setFolders(false)} onDrop={drop} used={account?.used_bytes ?? 0} />
      {showList && (
        <section className="mail-list" aria-label={title}>
          <div className="list-head">
            <div className="row tight nowrap">
              <Button tone="quiet" icon="folder" className="folders-button" aria-label={t("Mailboxes")} aria-expanded={folders} onClick={() => setFolders(!folders)} />
              <SearchBar key={typed} query={query} />
              <Menu label={t("View")} icon="settings">
                <div className="menu-form" onClick={(event) => event.stopPropagation()}>
                  <span className="muted">{t("Reading pane")}</span>
                  <Segments<Pane> label={t("Reading pane")} value={pane} onChange={setPane} options={[["right", t("Right")], ["below", t("Below")], ["off", t("Off")]]} />
                  <label className="switch"><input type="checkbox" checked={grouping === "threads"} onChange={(event) => setGrouping(event.target.checked ? "threads" : "messages")} />{t("Conversations")}</label>
                  <DensityField />
                </div>
                <button type="button" onClick={() => setHelp(true)}>{t("What keys do")}</button>
              </Menu>
            </div>
            {choosing ? (
              <div className="bulkbar" role="toolbar" aria-label={t("Chosen messages")}>
                {everything.progress !== null ? <Progress everything={everything} /> : (
                  <>
                    <span className="numbers grow" role="status">{!all ? t("{n} chosen", { n: number(idsOf([...chosen.values()]).size) }) : count === null ? t("Everything found is chosen") : t("All {n} messages chosen", { n: number(count) })}</span>
                    {!all && chosen.size < source.count && <Button tone="quiet" className="small" onClick={() => setAll(true)}>{count === null ? t("Choose everything found") : t("Choose all {n}", { n: number(count) })}</Button>}
                    <Button tone="quiet" icon="archive" aria-label={t("Archive")} title={`${t("Archive")} (e)`} onClick={() => moveTo(withRole(boxes, "archive"))} />
                    <Button tone="quiet" icon="trash" aria-label={t("Delete")} title={`${t("Delete")} (#)`} onClick={() => removeAll()} />
                    <Button tone="quiet" icon="folder" aria-label={t("Move")} title={`${t("Move")} (v)`} onClick={() => setMoving(true)} />
                    <Menu label={t("More")}>
                      <button type="button" onClick={() => keyword("$seen", true)}>{t("Mark as read")}</button>
                      <button type="button" onClick={() => keyword("$seen", false)}>{t("Mark as unread")}</button>
                      <button type="button" onClick={() => keyword("$flagged", all || !targets().every(flagged))}>{t("Flag")}</button>
                      <button type="button" onClick={() => moveTo(withRole(boxes, "junk"))}>{t("This is junk")}</button>
                    </Menu>
                    <Button tone="quiet" icon="close" aria-label={t("Choose none")} onClick={chooseNone} />
                  </>
                )}
              </div>
            ) : (
              <div className="list-title">
                {source.count > 0 && <input type="checkbox" aria-label={t("Choose all")} title={`${t("Choose all")} (*)`} checked={false} onChange={() => setAll(true)} />}
                <strong className="grow ellipsis">{title}</strong>
                <span className="muted numbers">{searching ? (source.more ? t("{n} found so far", { n: number(source.count) }) : t("{n} found", { n: number(source.count) })) : box && (box.unseen > 0 ? t("{unseen} unread of {n}", { unseen: number(box.unseen), n: number(box.messages) }) : number(box.messages))}</span>
              </div>
            )}
          </div>
          <List key={place} source={source} label={title} broad={!narrow && pane !== "right"} density={density} cursor={cursor} open={open} chosen={(one) => all || chosen.has(one.id)} onOpen={show} onChoose={choose} onFlag={(message) => flag([message])} onDrag={drag}
            boxes={searching ? boxes : undefined} outgoing={!searching && (box?.role === "sent" || box?.role === "drafts")} empty={searching ? t("Nothing found") : t("No messages here.")} />
        </section>
      )}
      {(reading || !single) && (
        <section className="mail-reader" aria-label={t("Message")} tabIndex={-1}>
          {reading ? (
            <>
              <div className="reader-bar" role="toolbar" aria-label={t("This message")}>
                <Button tone="quiet" icon="back" aria-label={t("Back to the list")} onClick={shut} />
                <span className="grow" />
                <Button tone="quiet" icon="archive" aria-label={t("Archive")} title={`${t("Archive")} (e)`} onClick={() => { chooseNone(); moveThese(withRole(boxes, "archive"), readOnes()); }} />
                <Button tone="quiet" icon="trash" aria-label={t("Delete")} title={`${t("Delete")} (#)`} onClick={() => { chooseNone(); removeThese(readOnes()); }} />
                <Button tone="quiet" icon="folder" aria-label={t("Move")} title={`${t("Move")} (v)`} onClick={() => setMoving(true)} />
                <Button tone="quiet" icon="up" aria-label={t("Message above")} title={`${t("Message above")} (k)`} onClick={() => step(-1)} />
                <Button tone="quiet" icon="down" aria-label={t("Message below")} title={`${t("Message below")} (j)`} onClick={() => step(1)} />
              </div>
              <Reader key={open} id={open} own={own} boxes={boxes} onKey={hear} whole={threads && !searching} onGone={(one) => { if (one.id === open) left([one]); }} onLoaded={(message) => { latest.current = message; remember(everybody(message)); }} />
            </>
          ) : <NothingOpen />}
        </section>
      )}
      {moving && <MoveDialog items={items} onClose={() => setMoving(false)} onMove={(to) => { setMoving(false); moveTo(to); }} />}
      {help && <KeyHelp onClose={() => setHelp(false)} />}
    </main>
  );
}

function Folders({ items, current, open, onClose, onDrop, used }: { items: readonly Box[]; current: string; open: boolean; onClose: () => void; onDrop: (box: Mailbox) => void; used: number }) {
  const [editing, setEditing] = useState<Mailbox | "new" | null>(null);
  const [over, setOver] = useState("");
  const shown = items.find(({ box }) => box.id === current)?.box;
  const drop = useAct("deleteMailbox", () => go({ in: null }));
  return (
    <nav className={`folders ${open ? "open" : ""}`} aria-label={t("Mailboxes")}>
      <div className="row tight nowrap" style={{ padding: "10px 10px 6px" }}>
        <Button tone="primary" icon="edit" className="grow" onClick={() => begin()}>{t("Write")}</Button>
        <Button tone="quiet" icon="close" className="folders-button" aria-label={t("Close")} onClick={onClose} />
      </div>
      <ul className="plain folder-list">
        {items.map(({ box, name, depth, icon }) => (
          <li key={box.id}>
            <a href={`?in=${box.id}`} aria-current={box.id === current ? "page" : undefined} className={`folder ${over === box.id ? "over" : ""}`} style={{ paddingInlineStart: `${10 + depth * 14}px` }}
              onClick={(event) => { if (event.metaKey || event.ctrlKey) return; event.preventDefault(); go({ in: box.id, q: null, m: null }); onClose(); }}
              onDragOver={(event) => { if (box.selectable) { event.preventDefault(); setOver(box.id); } }} onDragLeave={() => setOver("")} onDrop={(event) => { event.preventDefault(); setOver(""); onDrop(box); }}>
              <Icon name={icon} /><span className="grow ellipsis">{name}</span>
              {box.role === "drafts" ? box.messages > 0 && <span className="muted numbers">{number(box.messages)}</span> : box.unseen > 0 && <span className="count numbers" title={t("{n} unread", { n: number(box.unseen) })}>{number(box.unseen)}</span>}
            </a>
          </li>
        ))}
      </ul>
      <div className="folder-foot">
        <Button tone="quiet" icon="plus" onClick={() => setEditing("new")}>{t("New mailbox")}</Button>
        {shown && !shown.role && (
          <Menu label={t("This mailbox")} up>
            <button type="button" onClick={() => setEditing(shown)}>{t("Rename")}</button>
            <button type="button" className="danger" onClick={() => confirm({ title: t("Delete {name}?", { name: shown.name }), text: t("Its {n} messages go to the trash.", { n: number(shown.messages) }), action: t("Delete"), danger: true, yes: () => drop.mutate({ ...ME, mailbox: shown.id, on_messages: "move_to_trash" }, { onError: tell }) })}>{t("Delete")}</button>
          </Menu>
        )}
        <span className="muted grow numbers" style={{ textAlign: "end", fontSize: "12.5px" }} title={t("{size} used", { size: size(used) })}>{size(used)}</span>
      </div>
      {editing && <MailboxForm mailbox={editing === "new" ? null : editing} above={editing === "new" && shown && !shown.role ? `${shown.name}/` : ""} onClose={() => setEditing(null)} />}
    </nav>
  );
}

function MailboxForm({ mailbox, above, onClose }: { mailbox: Mailbox | null; above: string; onClose: () => void }) {
  const [name, setName] = useState(mailbox?.name ?? above);
  const create = useAct("createMailbox", (made) => { onClose(); go({ in: made.id, q: null, m: null }); });
  const rename = useAct("updateMailbox", onClose);
  const submit = () => { if (mailbox) rename.mutate({ ...ME, mailbox: mailbox.id, name, $options: { version: mailbox.version } }); else create.mutate({ ...ME, name }); };
  const problem = create.error ?? rename.error;
  return (
    <FormDialog title={mailbox ? t("Rename mailbox") : t("New mailbox")} action={mailbox ? t("Rename") : t("Create")} busy={create.isPending || rename.isPending} problem={problem} disabled={name.trim() === ""} onSubmit={submit} onClose={onClose}>
      <Field label={t("Name")} help={t("A slash parts levels: Work/2026.")} fault={problem?.at("/name")}><input className="input" autoFocus value={name} onChange={(event) => setName(event.target.value)} /></Field>
    </FormDialog>
  );
}

function SearchBar({ query }: { query: Query }) {
  const [text, setText] = useState(query.text);
  const search = (next: Query) => go({ q: print(next) || null, m: null });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const added = parse(text);
    search({ chips: [...query.chips, ...added.chips], text: added.text });
  };
  const suggestions: [string, string][] = [[t("Unread"), "is:unread"], [t("Flagged"), "is:flagged"], [t("With attachment"), "has:attachment"]];
  return (
    <form className="search-bar grow" role="search" onSubmit={submit}>
      <Icon name="trace" />
      {query.chips.map((chip, index) => (
        <button key={`${chip.key}${chip.value}${index}`} type="button" className="chip info" title={t("Take away")} onClick={() => search({ ...query, chips: query.chips.filter((one) => one !== chip) })}>{chip.key}:{chip.value} <Icon name="close" /></button>
      ))}
      <input type="search" aria-label={t("Search mail")} placeholder={query.chips.length > 0 ? "" : t("Search mail")} value={text} list="search-operators" autoComplete="off" onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Backspace" && text === "" && query.chips.length > 0) search({ ...query, chips: query.chips.slice(0, -1) });
          if (event.key === "Escape") { if (text === "" && query.chips.length === 0) event.currentTarget.blur(); else { setText(""); go({ q: null, m: null }); } }
        }} />
      <datalist id="search-operators">{["from:", "to:", "subject:", "is:unread", "is:flagged", "has:attachment", "before:", "after:", "in:"].map((one) => <option key={one} value={one} />)}</datalist>
      {(query.chips.length > 0 || query.text) && <Button tone="quiet" icon="close" aria-label={t("End the search")} onClick={() => go({ q: null, m: null })} />}
      <Menu label={t("Search for")} icon="down">{suggestions.map(([name, operator]) => <button key={operator} type="button" onClick={() => search({ chips: [...query.chips, ...parse(operator).chips], text: parse(text).text })}>{name} <span className="muted">{operator}</span></button>)}</Menu>
    </form>
  );
}

function MoveDialog({ items, onClose, onMove }: { items: readonly Box[]; onClose: () => void; onMove: (box: Mailbox) => void }) {
  const [typed, setTyped] = useState("");
  const fitting = items.filter(({ box, name }) => box.selectable && `${name} ${box.name}`.toLowerCase().includes(typed.toLowerCase().trim()));
  return (
    <Dialog title={t("Move to")} onClose={onClose}>
      <form className="stack tight" onSubmit={(event) => { event.preventDefault(); const first = fitting[0]; if (first) onMove(first.box); }}>
        <input className="input" autoFocus aria-label={t("Mailbox")} placeholder={t("Mailbox")} value={typed} onChange={(event) => setTyped(event.target.value)} />
        <ul className="plain folder-list">{fitting.map(({ box, name, depth, icon }) => <li key={box.id}><button type="button" className="folder" style={{ paddingInlineStart: `${10 + depth * 14}px` }} onClick={() => onMove(box)}><Icon name={icon} /><span className="grow">{name}</span></button></li>)}</ul>
      </form>
    </Dialog>
  );
}

function KeyHelp({ onClose }: { onClose: () => void }) {
  const list: [string, string][] = [
    ["j k", t("Next and previous message")], ["Enter", t("Open")], ["Esc", t("Back")], ["x", t("Choose")], ["*", t("Choose all")], ["e", t("Archive")], ["#", t("Delete")], ["v", t("Move")], ["!", t("This is junk")],
    ["s", t("Flag")], ["u", t("Mark as read or unread")], ["r", t("Reply")], ["a", t("Reply to all")], ["f", t("Forward")], ["c", t("Write")], ["/", t("Search mail")], ["Ctrl K", t("Go to or do")],
  ];
  return <Dialog title={t("What keys do")} onClose={onClose}><dl className="facts">{list.map(([key, what]) => <div key={key} style={{ display: "contents" }}><dt>{key.split(" ").map((one) => <kbd key={one}>{one}</kbd>)}</dt><dd>{what}</dd></div>)}</dl></Dialog>;
}

