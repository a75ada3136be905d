/** Shows each snapshot of the progress that comes over the WebSocket. */
const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");
/** [elapsed ms, stored], of the last 12 s. */
let history = [];
let isFinished = false;

connect();

function connect() {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/live`);
  socket.onmessage = ({ data }) => show(JSON.parse(data));
  socket.onclose = () => {
    if (isFinished) return state("done", "done");
    state("lost", "the program has stopped");
    setTimeout(connect, 1000);
  };
}

function state(name, text) {
  $("state").className = name;
  $("state").textContent = text;
}

function show(now) {
  const failed = Object.values(now.failures).reduce((sum, count) => sum + count, 0);
  const total = Math.max(now.total, now.alreadyStored + now.stored + failed);
  const share = (count) => (total === 0 ? 0 : (count / total) * 100);
  const settled = now.alreadyStored + now.stored;
  const percent = total === 0 ? 100 : Math.floor(share(settled + failed));
  isFinished = now.isFinished;
  state(isFinished ? "done" : "running", isFinished ? "done" : "harvesting");
  document.title = `${percent} % · harvest`;

  const texts = {
    source: `from ${now.source}`,
    settled: number.format(settled),
    total: number.format(total),
    percent: `${percent} %`,
    before: number.format(now.alreadyStored),
    stored: number.format(now.stored),
    failed: number.format(failed),
    "in-flight": number.format(now.inFlight),
    bytes: byteSize(now.bytes),
    retries: number.format(now.retries),
    duplicates: number.format(now.duplicates),
    elapsed: `${(now.elapsed / 1000).toFixed(1)} s`,
  };
  for (const [id, text] of Object.entries(texts)) if ($(id).textContent !== text) $(id).textContent = text;
  $("bar-before").style.width = `${share(now.alreadyStored)}%`;
  $("bar-stored").style.width = `${share(now.stored)}%`;
  $("bar-failed").style.width = `${share(failed)}%`;
  document.querySelector("[role=progressbar]").setAttribute("aria-valuenow", percent);
  showPace(now);
  showFailures(now.recentFailures, failed);
  showRecent(now.recent);
}

/** Over two seconds while it runs, over all of it afterwards. */
function showPace({ elapsed, stored }) {
  if (elapsed < (history.at(-1)?.[0] ?? 0)) history = [];
  if (!isFinished || history.length === 0) history.push([elapsed, stored]);
  history = history.filter(([at]) => at > elapsed - 12_000);
  const rates = history.map(([at, count]) => {
    const [from, before] = history.find(([other]) => other > at - 2000) ?? [at, count];
    return at - from < 100 ? 0 : ((count - before) / (at - from)) * 1000;
  });
  const rate = isFinished ? (elapsed === 0 ? 0 : (stored / elapsed) * 1000) : (rates.at(-1) ?? 0);
  $("rate").textContent = rate < 10 ? rate.toFixed(1) : Math.round(rate);
  const top = Math.max(1, ...rates);
  const points = rates.map(
    (each, i) =>
      `${((i / Math.max(1, rates.length - 1)) * 120).toFixed(1)} ${(38 - (each / top) * 34).toFixed(1)}`,
  );
  const line = points.length < 2 ? "" : `M${points.join("L")}`;
  $("curve").setAttribute("d", line);
  document.querySelector("path.area").setAttribute("d", line === "" ? "" : `${line}L120 40L0 40Z`);
}

function showFailures(recent, failed) {
  $("failures").hidden = failed === 0;
  const rows = recent.map(({ kind, url, message }) => ({ kind, url, message }));
  fill($("failures").querySelector("tbody"), rows);
}

function showRecent(recent) {
  $("nothing").hidden = recent.length > 0;
  const rows = recent.map(({ title, url, bytes }) => ({
    title: title ?? "(no title)",
    url,
    bytes: byteSize(bytes),
  }));
  fill($("recent"), rows);
}

/** One row each, a cell of that class for each of its texts; untouched when nothing is new. */
function fill(body, rows) {
  const key = JSON.stringify(rows);
  if (body.dataset.key === key) return;
  body.dataset.key = key;
  body.replaceChildren(
    ...rows.map((texts) => {
      const row = document.createElement("tr");
      for (const [name, text] of Object.entries(texts)) {
        const cell = document.createElement("td");
        cell.className = name;
        cell.title = text;
        // It is cut off at its beginning, by writing from right to left; a mark keeps its signs in their order.
        cell.textContent = name === "url" ? `\u200e${shortened(text)}` : text;
        row.append(cell);
      }
      return row;
    }),
  );
}

function shortened(url) {
  const path = url.replace(/^file:\/\/.*?\/node_modules\//, "").replace(/^\w+:\/\//, "");
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

function byteSize(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let size = bytes;
  while (size >= 999.5 && units.length > 1) {
    size /= 1000;
    units.shift();
  }
  return `${size.toFixed(size < 10 && size !== bytes ? 1 : 0)} ${units[0]}`;
}
