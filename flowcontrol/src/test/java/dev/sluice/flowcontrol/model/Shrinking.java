package dev.sluice.flowcontrol.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Makes a failing list of commands short and plain: leaves out commands that make no difference,
 * and sets values to their defaults. A shorter list counts only if it fails in the same manner.
 */
final class Shrinking {
  private static final int MOST_REPLAYS = 1_500;
  private static final String NONE = "";

  private final long startNanos;
  private final String manner;
  private Knobs knobs;
  private List<Command> commands;
  private int replays;

  private Shrinking(Knobs knobs, long startNanos, List<Command> commands) {
    this.knobs = knobs;
    this.startNanos = startNanos;
    this.commands = new ArrayList<>(commands);
    manner = manner(failure(knobs, commands));
  }

  /** A failure, with the commands that are needed for it. */
  static String explain(Knobs knobs, long startNanos, List<Command> commands) {
    var shrinking = new Shrinking(knobs, startNanos, commands);
    shrinking.leaveOut();
    shrinking.simplify();
    shrinking.leaveOut();
    return shrinking.toString();
  }

  @Override
  public String toString() {
    var text = new StringBuilder("fails with ").append(knobs);
    commands.forEach(c -> text.append("\n  ").append(c));
    return text.append("\n").append(failure(knobs, commands)).toString();
  }

  private void leaveOut() {
    for (var chunk = Math.max(1, commands.size() / 2); chunk > 0; chunk /= 2) {
      for (var from = 0; from < commands.size(); ) {
        var fewer = new ArrayList<>(commands.subList(0, from));
        fewer.addAll(commands.subList(Math.min(from + chunk, commands.size()), commands.size()));
        if (stillFails(knobs, fewer)) {
          commands = fewer;
        } else {
          from += chunk;
        }
      }
    }
  }

  private void simplify() {
    for (var again = true; again; ) {
      again = false;
      for (var candidate : knobs.simpler()) {
        if (stillFails(candidate, commands)) {
          knobs = candidate;
          again = true;
          break;
        }
      }
    }
    for (var i = 0; i < commands.size(); i++) {
      for (var again = true; again; ) {
        again = simplify(i);
      }
    }
  }

  private boolean simplify(int index) {
    var before = commands.get(index);
    for (var candidate : before.simpler()) {
      commands.set(index, candidate);
      if (stillFails(knobs, commands)) {
        return true;
      }
    }
    commands.set(index, before);
    return false;
  }

  private boolean stillFails(Knobs candidate, List<Command> candidates) {
    return ++replays < MOST_REPLAYS && manner(failure(candidate, candidates)).equals(manner);
  }

  private String failure(Knobs candidate, List<Command> candidates) {
    try {
      Comparison.replay(candidate, startNanos, candidates);
      return NONE;
    } catch (RuntimeException | AssertionError e) {
      return e instanceof Comparison.Difference d ? d.text() : stack(e);
    }
  }

  /** The first line of a failure, without its numbers. */
  private static String manner(String failure) {
    var lines = failure.split("\n", 3);
    var first = lines.length < 2 ? lines[0] : lines[1];
    return first.replaceAll("[0-9].*|\\[.*", "");
  }

  private static String stack(Throwable e) {
    var text = new StringBuilder(e.toString());
    for (var frame : e.getStackTrace()) {
      text.append("\n    at ").append(frame);
    }
    return text.toString();
  }
}
