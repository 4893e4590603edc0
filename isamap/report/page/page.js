"use strict";
(() => {
  const holder = document.getElementById("data");
  if (!holder) { document.documentElement.dataset.ready = "nothing to draw"; return; }
  const data = JSON.parse(holder.textContent);
  const root = document.documentElement;

  // Columns: base64 of little-endian numbers.
  const KINDS = { u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, u4: Uint32Array, i4: Int32Array,
                  f8: Float64Array };
  const column = (c) => new KINDS[c.type](Uint8Array.from(atob(c.data), (ch) => ch.charCodeAt(0)).buffer);
  const columns = (record) => Object.fromEntries(Object.entries(record).map(([name, c]) => [name, column(c)]));
  const issues = columns(data.issues);
  const overview = { bins: data.overview.bins, shares: column(data.overview.shares),
                     tensors: column(data.overview.tensors), resources: column(data.overview.resources) };
  const memories = data.memories.map((m) => ({ ...m, ...columns({ low: m.low, high: m.high, start: m.start, end: m.end,
                                                                  tensor: m.tensor, writer: m.writer }) }));
  const total = issues.start.length;
  const widths = data.operations.map((op) => op.views.reduce((sum, view) => sum + view.origins, 0));
  const originAt = new Uint32Array(total + 1);
  const laneAt = new Uint32Array(data.lanes.length + 1);
  const positions = new Map();
  const longest = new Float64Array(data.lanes.length);  // how long an issue of a lane holds resources at most
  for (let x = 0; x < total; x++) {
    originAt[x + 1] = originAt[x] + widths[issues.operation[x]];
    laneAt[issues.lane[x] + 1] = x + 1;
    positions.set(issues.number[x], x);
    longest[issues.lane[x]] = Math.max(longest[issues.lane[x]], issues.held[x]);
  }
  for (let n = 1; n < laneAt.length; n++) laneAt[n] = Math.max(laneAt[n], laneAt[n - 1]);

  // Words.
  const count = (number) => Math.round(number).toLocaleString("en-US");
  const plural = (number, one) => `${count(number)} ${one}${number === 1 ? "" : "s"}`;
  const tensorName = (n) => (n < 0 ? "no known tensor" : data.tensors[n]);

  function viewText(view, origins) {
    if (view.coordinates) {
      const ranges = view.reach.map(([low, high], d) => {
        const first = origins[d] + low, last = origins[d] + high;
        return first === last ? `${first}` : `${first}:${last + 1}`;
      });
      return `${view.tensor}[${ranges.join(", ")}]`;
    }
    const [low, high] = view.reach[0];
    const first = Math.floor((origins[0] + low) / view.per_byte), end = Math.ceil((origins[0] + high) / view.per_byte);
    const place = `${view.memory}@${first}\u2013\u2060${end - 1}`;
    return view.tensor ? `${view.tensor} in ${place}` : place;
  }

  function issueText(x) {
    const op = data.operations[issues.operation[x]], start = issues.start[x];
    const parts = { read: [], written: [] };
    let at = originAt[x];
    for (const view of op.views) {
      parts[view.writes ? "written" : "read"].push(viewText(view, issues.origin.subarray(at, at + view.origins)));
      at += view.origins;
    }
    const mode = op.mode ? ` ${op.mode}` : "";
    const until = start + Math.max(issues.busy[x], issues.held[x]), done = start + issues.done[x];
    const later = done > until ? `, result at ${count(done)}` : "";
    return `issue ${count(issues.number[x])}: ${op.name}${mode}  ${op.sizes}\n` +
      `${parts.read.join(", ")} \u2192 ${parts.written.join(", ")}\n` +
      `cycles ${count(start)} to ${count(until)} (${count(until - start)})${later}, ` +
      `on ${data.lanes[issues.lane[x]]}`;
  }

  // What is seen: cycles from ... to, shared by all panels.
  const least = Math.min(12, Math.max(data.span, 1));
  const view = { from: 0, to: Math.max(data.span, 1) };
  const whole = view.to;
  let pointer = null, chosen = -1, colours = {}, queued = false;

  function show(from, to) {
    const width = Math.min(Math.max(to - from, least), whole);
    view.from = Math.min(Math.max(from, 0), whole - width);
    view.to = view.from + width;
    redraw();
  }
  function zoom(factor, around) {
    show(around - (around - view.from) * factor, around + (view.to - around) * factor);
  }
  function redraw() {
    if (!queued) { queued = true; requestAnimationFrame(() => { queued = false; panels.forEach(paint); }); }
  }
  function readColours() {
    const style = getComputedStyle(root), names = ["ink", "quiet", "line", "lane", "mark", "on-bar", "bar", "none"];
    for (let n = 0; n < data.colours; n++) names.push(`t${n}`);
    colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }
  const colour = (tensor) => (tensor < 0 ? colours.none : colours[`t${tensor % data.colours}`]);

  // Panels.
  const MARGIN = 96, LANE = 28, RESOURCE = 18, AXIS = 24;
  const queues = data.lanes.length;
  const panels = [];
  function panel(canvas, height, ground, draw, find) {
    const made = { canvas, height, ground, draw, find, context: canvas.getContext("2d"), width: 0 };
    panels.push(made);
    listen(made);
    return made;
  }
  const xOf = (p, cycle) => MARGIN + (cycle - view.from) / (view.to - view.from) * (p.width - MARGIN);
  const cycleOf = (p, x) => view.from + (x - MARGIN) / (p.width - MARGIN) * (view.to - view.from);

  function paint(p) {
    const ratio = window.devicePixelRatio || 1;
    p.width = Math.max(p.canvas.clientWidth, MARGIN + 40);
    p.canvas.style.height = `${p.height}px`;
    if (p.canvas.width !== Math.round(p.width * ratio) || p.canvas.height !== Math.round(p.height * ratio)) {
      p.canvas.width = Math.round(p.width * ratio);
      p.canvas.height = Math.round(p.height * ratio);
    }
    const c = p.context;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, p.width, p.height);
    c.font = "12px system-ui, sans-serif";
    c.textBaseline = "middle";
    const top = p.height - AXIS, ticks = ticksOf(p);
    p.ground(c, p);
    c.fillStyle = colours.line;
    c.fillRect(MARGIN, top, p.width - MARGIN, 1);
    for (const t of ticks) c.fillRect(Math.round(xOf(p, t)), 0, 1, top + 4);
    c.save();
    c.beginPath();
    c.rect(MARGIN, 0, p.width - MARGIN, top);
    c.clip();
    p.draw(c, p);
    c.restore();
    c.fillStyle = colours.quiet;
    c.textAlign = "center";
    for (const t of ticks) {
      const half = c.measureText(count(t)).width / 2;
      c.fillText(count(t), Math.min(Math.max(xOf(p, t), MARGIN + half), p.width - half), top + 14);
    }
    if (pointer !== null) {
      c.fillStyle = colours.quiet;
      c.fillRect(Math.round(xOf(p, pointer)), 0, 1, p.height - AXIS);
    }
    if (p === timeline) {
      const all = view.to - view.from >= whole;
      document.getElementById("range").textContent =
        all ? `all ${count(whole)} cycles` : `cycles ${count(view.from)} to ${count(view.to)} of ${count(whole)}`;
    }
  }

  function ticksOf(p) {
    const room = Math.max(Math.floor((p.width - MARGIN) / 110), 1);
    const rough = (view.to - view.from) / room, power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max([1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough), 1);
    const found = [];
    for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) found.push(t);
    return found;
  }

  // The timeline.
  const detailed = (cycle) => data.windows.some(([from, to]) => cycle >= from && (cycle < to || to === data.span));
  function firstFrom(lane, cycle) {  // the first issue of a lane that starts at or after a cycle
    let low = laneAt[lane], high = laneAt[lane + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (issues.start[middle] < cycle) low = middle + 1; else high = middle;
    }
    return low;
  }

  function drawLanes(c, p) {
    for (let n = 0; n < queues + data.resources.length; n++) {
      const isLane = n < queues, top = rowTop(n), high = isLane ? LANE : RESOURCE;
      c.fillStyle = colours.lane;
      c.fillRect(MARGIN, top + 2, p.width - MARGIN, high - 4);
      c.fillStyle = isLane ? colours.ink : colours.quiet;
      c.textAlign = "right";
      c.fillText(isLane ? data.lanes[n] : data.resources[n - queues], MARGIN - 10, top + high / 2, MARGIN - 14);
    }
  }
  function drawTimeline(c, p) {
    for (let lane = 0; lane < queues; lane++) {
      const at = lane * overview.bins, row = [rowTop(lane) + 2, LANE - 4];
      if (data.windows.length > 1) drawBins(c, p, ...row, overview.shares, at, (b) => overview.tensors[at + b]);
      drawIssues(c, p, lane);
    }
    const held = heldPerPixel(p);
    for (let n = 0; n < data.resources.length; n++) {
      const row = [rowTop(queues + n) + 2, RESOURCE - 4];
      if (data.windows.length > 1) drawBins(c, p, ...row, overview.resources, n * overview.bins, () => null);
      held[n].forEach((share, cell) => share > 1e-6 && bin(c, MARGIN + cell, 1, ...row, share, colours.bar));
    }
  }
  function heldPerPixel(p) {  // the share of each resource that issues hold, per pixel; none outside the windows
    const scale = (p.width - MARGIN) / (view.to - view.from), cells = Math.ceil(p.width - MARGIN);
    const held = data.resources.map(() => new Float32Array(cells));
    for (let lane = 0; lane < queues; lane++) {
      for (let x = firstFrom(lane, view.from - longest[lane]); x < laneAt[lane + 1] && issues.start[x] < view.to; x++) {
        const holds = data.holdings[issues.holding[x]];
        if (!holds.length || !issues.held[x]) continue;
        const left = Math.max((issues.start[x] - view.from) * scale, 0);
        const right = Math.min((issues.start[x] + issues.held[x] - view.from) * scale, cells);
        for (let cell = Math.floor(left); cell < right; cell++) {
          const share = Math.min(cell + 1, right) - Math.max(cell, left);
          for (const [r, part] of holds) held[r][cell] += share * part;
        }
      }
    }
    for (let cell = 0; cell < cells; cell++) {
      if (unheld(p, cell)) for (const row of held) row[cell] = 0;
    }
    return held;
  }
  const unheld = (p, cell) => data.windows.length > 1 &&  // does a pixel show cycles whose issues are not in the page?
    cycleOf(p, MARGIN + cell + 1) > data.windows[0][1] && cycleOf(p, MARGIN + cell) < data.windows[1][0];
  const rowTop = (n) => (n < queues ? n * LANE : queues * LANE + 6 + (n - queues) * RESOURCE);

  function drawIssues(c, p, lane) {
    const top = rowTop(lane) + 2, high = LANE - 4;
    const scale = (p.width - MARGIN) / (view.to - view.from), cells = Math.ceil(p.width - MARGIN) + 1;
    const share = new Float32Array(cells), most = new Float32Array(cells), whose = new Int32Array(cells).fill(-1);
    let x = Math.max(firstFrom(lane, view.from) - 1, laneAt[lane]);
    for (; x < laneAt[lane + 1] && issues.start[x] <= view.to; x++) {
      const left = (issues.start[x] - view.from) * scale, wide = issues.busy[x] * scale;
      if (wide >= 2.5) {
        drawIssue(c, x, MARGIN + left, top, wide, high);
        continue;
      }
      const here = Math.floor(left);
      if (here < 0 || here >= cells) continue;
      const inside = Math.min(wide, here + 1 - left) || 0.04, over = wide - inside;
      share[here] += inside;
      if (inside > most[here]) { most[here] = inside; whose[here] = issues.tensor[x]; }
      for (let cell = here + 1, left = over; left > 0 && cell < cells; cell++, left -= 1) {
        share[cell] += Math.min(left, 1);
        if (Math.min(left, 1) > most[cell]) { most[cell] = Math.min(left, 1); whose[cell] = issues.tensor[x]; }
      }
    }
    for (let cell = 0; cell < cells; cell++) {
      if (share[cell] > 0 && !unheld(p, cell)) bin(c, MARGIN + cell, 1, top, high, share[cell], colour(whose[cell]));
    }
    mark(c, p, lane, top, high);
  }

  function drawIssue(c, x, left, top, wide, high) {
    c.fillStyle = colour(issues.tensor[x]);
    c.fillRect(left, top, Math.max(wide - (wide > 4 ? 1 : 0.5), 1), high);
    const op = data.operations[issues.operation[x]];
    const shown = Math.max(left, MARGIN), room = Math.min(left + wide, MARGIN + 4000) - shown;
    if (room > 46) {
      const words = issues.tensor[x] < 0 ? op.name : `${op.name} ${tensorName(issues.tensor[x])}`;
      const text = c.measureText(words).width < room - 8 ? words : op.name;
      if (c.measureText(text).width < room - 8) {
        c.fillStyle = colours["on-bar"];
        c.textAlign = "left";
        c.fillText(text, shown + 5, top + high / 2 + 0.5);
      }
    }
  }

  function mark(c, p, lane, top, high) {
    if (chosen < 0 || issues.lane[chosen] !== lane) return;
    const left = xOf(p, issues.start[chosen]), right = xOf(p, issues.start[chosen] + issues.busy[chosen]);
    c.strokeStyle = colours.mark;
    c.lineWidth = 2;
    c.strokeRect(left - 1, top - 1, Math.max(right - left, 2) + 1, high + 2);
  }

  function bin(c, left, wide, top, high, share, fill) {
    const tall = Math.max(Math.min(share, 1) * high, 1);
    c.fillStyle = fill;
    c.fillRect(left, top + high - tall, wide, tall);
  }
  function drawBins(c, p, top, high, shares, at, tensorOf) {  // a column per pixel, the mean of its bins
    const cycles = data.span / overview.bins;
    for (let x = MARGIN; x < p.width; x++) {
      if (!unheld(p, x - MARGIN)) continue;
      const from = cycleOf(p, x), to = cycleOf(p, x + 1);
      const first = Math.min(Math.floor(from / cycles), overview.bins - 1);
      const last = Math.min(Math.max(Math.ceil(to / cycles), first + 1), overview.bins);
      let sum = 0, most = first;
      for (let b = first; b < last; b++) {
        sum += shares[at + b];
        if (shares[at + b] > shares[at + most]) most = b;
      }
      const tensor = tensorOf(most);
      if (sum) bin(c, x, 1, top, high, sum / (last - first) / 255, tensor === null ? colours.bar : colour(tensor));
    }
  }

  function findIssue(p, x, y) {
    const lane = Math.floor(y / LANE), cycle = cycleOf(p, x);
    if (lane < 0 || lane >= queues) return -1;
    const near = 3 * (view.to - view.from) / p.width;
    const after = firstFrom(lane, cycle + 1e-9), before = after - 1;
    if (before >= laneAt[lane] && issues.start[before] + issues.busy[before] + near > cycle) return before;
    return after < laneAt[lane + 1] && issues.start[after] - cycle < near ? after : -1;
  }
  function findInTimeline(p, x, y) {
    const cycle = cycleOf(p, x), found = detailed(cycle) ? findIssue(p, x, y) : -1;
    if (found >= 0) return { text: issueText(found), issue: found };
    const b = Math.min(Math.max(Math.floor(cycle / data.span * overview.bins), 0), overview.bins - 1);
    const n = Array.from({ length: queues + data.resources.length }, (_, k) => k).filter((k) => rowTop(k) <= y).pop();
    const span = `cycles ${count(b * data.span / overview.bins)} to ${count((b + 1) * data.span / overview.bins)}`;
    if (n === undefined || y > p.height - AXIS || cycle < view.from) return null;
    const lane = n < queues;
    if (lane && detailed(cycle)) return { text: `${data.lanes[n]}: idle at cycle ${count(Math.floor(cycle))}` };
    const share = (lane ? overview.shares[n * overview.bins + b] : overview.resources[(n - queues) * overview.bins + b]);
    const most = lane && share ? `, most of it for ${tensorName(overview.tensors[n * overview.bins + b])}` : "";
    const name = lane ? data.lanes[n] : data.resources[n - queues];
    return { text: `${name}: ${Math.round(share / 2.55)} % busy in ${span}${most}` };
  }

  // Memory maps.
  function memoryPanel(m) {
    const scale = m.top >= m.capacity * 0.3 ? Math.max(m.capacity, m.top) : m.top;
    const high = 170, yOf = (address) => 6 + (high - 6) * (1 - address / scale);
    const canvas = document.getElementById(`memory-${m.name}`);
    const ground = (c, p) => {
      c.fillStyle = colours.lane;
      c.fillRect(MARGIN, 6, p.width - MARGIN, high - 6);
      c.fillStyle = colours.quiet;
      c.textAlign = "right";
      c.fillText("0", MARGIN - 10, high - 5);
      c.fillText(count(scale), MARGIN - 10, 13);
      if (m.top < scale * 0.9 && m.top > scale * 0.1) c.fillText(count(m.top), MARGIN - 10, yOf(m.top));
    };
    const draw = (c, p) => {
      const unit = (p.width - MARGIN) / (view.to - view.from);
      for (let n = 0; n < m.low.length; n++) {
        if (m.end[n] < view.from || m.start[n] > view.to) continue;
        const left = MARGIN + (m.start[n] - view.from) * unit, wide = (m.end[n] - m.start[n]) * unit;
        const top = yOf(m.high[n]), tall = yOf(m.low[n]) - top, edge = tall > 3 ? 0.5 : 0;
        c.fillStyle = colour(m.tensor[n]);
        c.fillRect(left, top + edge, Math.max(wide - (wide > 3 ? 0.7 : 0), 0.5), tall - edge);
      }
    };
    const find = (p, x, y) => {
      const cycle = cycleOf(p, x), address = (1 - (y - 6) / (high - 6)) * scale;
      if (x < MARGIN || address < 0 || address >= scale) return null;
      for (let n = 0; n < m.low.length; n++) {
        if (m.low[n] <= address && address < m.high[n] && m.start[n] <= cycle && cycle < m.end[n]) {
          const at = positions.get(m.writer[n]);
          const writer = m.writer[n] < 0 ? "" : at === undefined ? `\nwritten by issue ${count(m.writer[n])}`
            : `\nwritten by ${issueText(at)}`;
          return { text: `${tensorName(m.tensor[n])} in ${m.name}@${m.low[n]}\u2013\u2060${m.high[n] - 1}, ` +
            `${plural(m.high[n] - m.low[n], "byte")}, cycles ${count(m.start[n])} to ${count(m.end[n])}${writer}` };
        }
      }
      return { text: `${m.name}@${Math.floor(address)}: nothing that is still needed` };
    };
    panel(canvas, high + AXIS, ground, draw, find);
  }

  // Pointer and keyboard.
  const readout = document.getElementById("readout");
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);

  function listen(p) {
    const at = (event) => {
      const box = p.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const held = new Map();
    p.canvas.addEventListener("wheel", (event) => {
      const unit = event.deltaMode ? 16 : 1, all = view.to - view.from >= whole;
      if (all && event.deltaY >= 0 && !event.deltaX) return;  // nothing left to zoom out of: the page scrolls
      event.preventDefault();
      const pan = event.deltaX * unit / p.width * (view.to - view.from);
      if (pan) show(view.from + pan, view.to + pan);
      if (event.deltaY) zoom(Math.exp(event.deltaY * unit * 0.0016), cycleOf(p, Math.max(at(event)[0], MARGIN)));
    }, { passive: false });
    p.canvas.addEventListener("pointerdown", (event) => {
      held.set(event.pointerId, at(event)[0]);
      p.canvas.setPointerCapture(event.pointerId);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      p.canvas.addEventListener(end, (event) => held.delete(event.pointerId));
    }
    p.canvas.addEventListener("pointermove", (event) => {
      const [x, y] = at(event), before = held.get(event.pointerId);
      if (before !== undefined && held.size === 1) {
        const moved = (before - x) / (p.width - MARGIN) * (view.to - view.from);
        show(view.from + moved, view.to + moved);
      } else if (before !== undefined && held.size === 2) {  // two fingers
        const other = [...held].find(([id]) => id !== event.pointerId)[1];
        zoom(Math.max(Math.abs(before - other), 8) / Math.max(Math.abs(x - other), 8), cycleOf(p, (x + other) / 2));
      }
      if (before !== undefined) held.set(event.pointerId, x);
      point(p, x, y, event);
    });
    p.canvas.addEventListener("pointerleave", () => { pointer = null; tip.hidden = true; redraw(); });
    p.canvas.addEventListener("dblclick", (event) => zoom(0.25, cycleOf(p, at(event)[0])));
    p.canvas.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && press(event.key, p)) event.preventDefault();
    });
  }

  function point(p, x, y, event) {
    pointer = x >= MARGIN ? cycleOf(p, x) : null;
    const found = p.find(p, x, y);
    tip.hidden = !found;
    if (found) {
      tip.textContent = readout.textContent = found.text;
      const wide = tip.offsetWidth, high = tip.offsetHeight;
      tip.style.left = `${Math.max(Math.min(event.clientX + 14, innerWidth - wide - 8), 8)}px`;
      tip.style.top = `${event.clientY + 18 + high > innerHeight ? event.clientY - high - 12 : event.clientY + 18}px`;
    }
    chosen = found && found.issue !== undefined ? found.issue : p === timeline ? -1 : chosen;
    redraw();
  }

  function choose(x) {
    chosen = x;
    pointer = null;
    tip.hidden = true;
    const start = issues.start[x], end = start + issues.busy[x], wide = view.to - view.from;
    if (start < view.from || end > view.to) show(start - wide / 3, start + wide * 2 / 3);
    readout.textContent = issueText(x);
    redraw();
  }
  function step(by) {
    if (chosen < 0) return choose(firstSeen());
    const lane = issues.lane[chosen], next = chosen + by;
    if (next >= laneAt[lane] && next < laneAt[lane + 1]) choose(next);
  }
  function firstSeen() {
    for (let lane = 0; lane < queues; lane++) {
      const x = firstFrom(lane, view.from);
      if (x < laneAt[lane + 1]) return x;
    }
    return 0;
  }
  function change(by) {
    if (chosen < 0) return choose(firstSeen());
    for (let lane = issues.lane[chosen] + by; lane >= 0 && lane < queues; lane += by) {
      if (laneAt[lane] < laneAt[lane + 1]) {
        return choose(Math.min(firstFrom(lane, issues.start[chosen]), laneAt[lane + 1] - 1));
      }
    }
  }
  function press(key, p) {
    const wide = view.to - view.from, middle = chosen >= 0 ? issues.start[chosen] : (view.from + view.to) / 2;
    const moves = p !== timeline || !total;
    const does = {
      ArrowRight: () => (moves ? show(view.from + wide / 8, view.to + wide / 8) : step(1)),
      ArrowLeft: () => (moves ? show(view.from - wide / 8, view.to - wide / 8) : step(-1)),
      ArrowDown: () => !moves && change(1),
      ArrowUp: () => !moves && change(-1),
      "+": () => zoom(0.5, middle),
      "=": () => zoom(0.5, middle),
      "-": () => zoom(2, middle),
      0: () => show(0, whole),
      Escape: () => { chosen = -1; show(0, whole); },
      Home: () => show(0, wide),
      End: () => show(whole - wide, whole),
    }[key];
    if (does) does();
    return Boolean(does);
  }

  for (const button of document.querySelectorAll("button[data-do]")) {
    const first = data.windows[0][1], last = data.windows[data.windows.length - 1][0];
    const some = Math.max(whole / 50, least);
    const early = Math.min(first, some), late = Math.max(last, whole - some);
    button.addEventListener("click", () => ({
      in: () => zoom(0.5, (view.from + view.to) / 2), out: () => zoom(2, (view.from + view.to) / 2),
      all: () => show(0, whole), start: () => show(0, early), end: () => show(late, whole),
    })[button.dataset.do]());
  }

  root.classList.add("scripted");
  readColours();
  const rows = queues * LANE + (data.resources.length ? 6 + data.resources.length * RESOURCE : 0);
  const timeline = panel(document.getElementById("timeline"), rows + AXIS, drawLanes, drawTimeline, findInTimeline);
  memories.forEach(memoryPanel);
  panels.forEach(paint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); redraw(); });
  new ResizeObserver(redraw).observe(timeline.canvas);
  root.dataset.issues = total;
  root.dataset.ready = "true";
})();
