/** The head of the page: which program, how it is, and what can be done with it. */
import type { JSX } from "preact";
import { Sparkline } from "./chart.tsx";
import { count, duration, percent, short } from "./format.ts";
import { hello, history, isPaused, now, pause, playback, reason, state, status, tick } from "./program.ts";
import { play, seek } from "./program.ts";
import { save } from "./save.ts";
import { show, showsKeys, theme, type Theme } from "./view.ts";

const NEXT: Readonly<Record<Theme, Theme>> = { auto: "light", light: "dark", dark: "auto" };

export function Header(): JSX.Element {
  void tick.value;
  const program = hello.value?.program;
  return (
    <header class="top">
      <Logo />
      <div class="program">
        <b>{program?.name ?? "millrace"}</b>
        <span class="faint">{program === undefined ? "" : `pid ${program.pid} · ${program.runtime}`}</span>
      </div>
      <Live />
      <span class="spring" />
      {status.value === "recording" ? <PlaybackBar /> : <PauseButton />}
      <button onClick={save} title="Save what is shown as a recording">
        Save
      </button>
      <button
        onClick={() => {
          theme.value = NEXT[theme.value];
        }}
        title="Light, dark, or as the system has it"
      >
        {{ auto: "◐ Auto", light: "○ Light", dark: "● Dark" }[theme.value]}
      </button>
      <button
        aria-label="Keys"
        title="Keys"
        onClick={() => {
          showsKeys.value = true;
        }}
      >
        ?
      </button>
    </header>
  );
}

function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <circle cx="16" cy="16" r="11" />
      <path d="M16 1v30M1 16h30M5.4 5.4l21.2 21.2M26.6 5.4 5.4 26.6" />
    </svg>
  );
}

function Live(): JSX.Element {
  void tick.value;
  const text = {
    connecting: "connecting",
    live: isPaused.value ? "paused" : "live",
    recording: "recording",
    ended: "ended",
  }[status.value];
  return (
    <span class={`live ${text}`} role="status" title={reason.value}>
      {text}
      {status.value === "live" && <span class="faint"> {duration(now())}</span>}
      {status.value === "ended" && <span class="faint"> {reason.value}</span>}
    </span>
  );
}

function PauseButton(): JSX.Element {
  return (
    <button
      class={isPaused.value ? "primary" : ""}
      aria-pressed={isPaused.value}
      disabled={status.value !== "live"}
      title="The page stands still; the program goes on (space)"
      onClick={() => pause(!isPaused.value)}
    >
      {isPaused.value ? "▶ Resume" : "❚❚ Pause"}
    </button>
  );
}

function PlaybackBar(): JSX.Element {
  const { from = 0, to = 0 } = hello.value?.recording ?? {};
  const { at = from, isPlaying = false } = playback.value ?? {};
  return (
    <span class="playback">
      <button onClick={() => play(!isPlaying)} aria-label={isPlaying ? "Stop" : "Play"}>
        {isPlaying ? "❚❚" : "▶"}
      </button>
      <input
        type="range"
        aria-label="Time of the recording"
        min={from}
        max={to}
        step="any"
        value={at}
        onInput={(event) => seek(Number(event.currentTarget.value))}
      />
      <span class="faint">
        {duration(at - from)} of {duration(to - from)}
      </span>
    </span>
  );
}

/** The figures of the whole program, and their last two minutes. */
export function Summary(): JSX.Element {
  void tick.value;
  const { samples } = history;
  const last = samples.at(-1);
  const times = samples.map(({ at }) => at);
  const states = new Map<string, number>();
  for (const { state: each } of state.tasks.values()) states.set(each, (states.get(each) ?? 0) + 1);
  const parts = ["running", "ready", "waiting", "cancelling"]
    .filter((each) => states.has(each))
    .map((each) => `${count(states.get(each)!)} ${each}`);
  const { dropped } = state;
  const missed = dropped.polls + dropped.tasks + dropped.warnings;
  return (
    <div class="summary">
      <Tile title="Tasks" value={count(last?.alive ?? 0)} note={parts.join(" · ") || "none alive"}>
        <Sparkline
          times={times}
          values={samples.map(({ alive }) => alive)}
          colour="accent"
          label="Tasks alive"
        />
      </Tile>
      <Tile
        title="Polls a second"
        value={short(last?.polls ?? 0)}
        note={`${short(state.totals.polls)} altogether`}
      >
        <Sparkline
          times={times}
          values={samples.map(({ polls }) => polls)}
          colour="busy"
          label="Polls a second"
        />
      </Tile>
      <Tile
        title="Event loop"
        value={percent(last?.busy ?? 0)}
        note={`late by ${duration(last?.lateMs ?? 0)}`}
      >
        <Sparkline
          times={times}
          values={samples.map(({ busy }) => busy)}
          top={1}
          colour="ready"
          label="Event loop busy"
        />
      </Tile>
      <button class="tile small" onClick={() => show("warnings")}>
        <span class="faint">Warnings</span>
        <b class={state.warnings.length > 0 ? "warn" : ""}>{count(state.warnings.length)}</b>
        <span class="faint">{state.warnings.length > 0 ? "look at them" : "nothing found"}</span>
      </button>
      <div
        class="tile small"
        title="What the page was not sent, because the program was faster: polls of the timeline, and tasks that lived for less than a tenth of a second. Tables and counts are complete."
      >
        <span class="faint">Not shown</span>
        <b>{short(missed)}</b>
        <span class="faint">
          {missed === 0 ? "nothing dropped" : `${short(dropped.polls)} polls, ${short(dropped.tasks)} tasks`}
        </span>
      </div>
    </div>
  );
}

function Tile(props: { title: string; value: string; note: string; children: JSX.Element }): JSX.Element {
  return (
    <div class="tile">
      <div>
        <span class="faint">{props.title}</span>
        <b>{props.value}</b>
        <span class="faint">{props.note}</span>
      </div>
      {props.children}
    </div>
  );
}
