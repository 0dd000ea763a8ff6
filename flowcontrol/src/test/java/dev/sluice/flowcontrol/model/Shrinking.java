package dev.sluice.flowcontrol.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds a short list of commands that still fails, by leaving out what makes no difference. */
final class Shrinking {
  private static final int MOST_REPLAYS = 3_000;

  private Shrinking() {}

  /** What fails, with the commands that are needed for it. */
  static String explain(Knobs knobs, long startNanos, List<Command> commands) {
    List<Command> left = new ArrayList<>(commands);
    var replays = 0;
    for (var chunk = left.size() / 2; chunk > 0; chunk /= 2) {
      for (var from = 0; from < left.size() && replays < MOST_REPLAYS; replays++) {
        var fewer = new ArrayList<>(left.subList(0, from));
        fewer.addAll(left.subList(Math.min(from + chunk, left.size()), left.size()));
        if (failure(knobs, startNanos, fewer) == null) {
          from += chunk;
        } else {
          left = fewer;
        }
      }
    }
    var simplest = simplest(knobs, startNanos, left);
    var text = new StringBuilder("fails with ").append(simplest);
    left.forEach(c -> text.append("\n  ").append(c));
    return text.append("\n").append(failure(simplest, startNanos, left)).toString();
  }

  /** Simplifies the commands in place, and returns a simpler configuration to begin with. */
  private static Knobs simplest(Knobs knobs, long startNanos, List<Command> commands) {
    var simplest = knobs;
    var replays = 0;
    for (var again = true; again && replays < MOST_REPLAYS; ) {
      again = false;
      for (var candidate : simplest.simpler()) {
        replays++;
        if (failure(candidate, startNanos, commands) != null) {
          simplest = candidate;
          again = true;
          break;
        }
      }
    }
    for (var i = 0; i < commands.size(); i++) {
      for (var again = true; again && replays < MOST_REPLAYS; ) {
        again = false;
        for (var candidate : commands.get(i).simpler()) {
          replays++;
          var before = commands.set(i, candidate);
          if (failure(simplest, startNanos, commands) != null) {
            again = true;
            break;
          }
          commands.set(i, before);
        }
      }
    }
    return simplest;
  }

  private static @Nullable String failure(
      Knobs knobs, long startNanos, List<Command> commands) {
    try {
      Comparison.replay(knobs, startNanos, commands);
      return null;
    } catch (RuntimeException | AssertionError e) {
      return e instanceof Comparison.Difference ? e.getMessage() : stack(e);
    }
  }

  private static String stack(Throwable e) {
    var text = new StringBuilder(e.toString());
    for (var frame : e.getStackTrace()) {
      text.append("\n    at ").append(frame);
    }
    return text.toString();
  }
}
