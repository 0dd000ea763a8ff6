package dev.sluice.flowcontrol.plugins.detectors;

import java.util.ArrayList;
import java.util.List;

/** What {@link LearnedLimit} should say: computed from all steps that it ever took. */
final class NaiveLimit {
  private static final long SECOND = 1_000_000_000L;

  /** A step. {@code window} counts the periods of 5 s or more that begin with a step. */
  private record Step(
      long at, int window, long windowBegan, long running, long waiting, long ended, String kind) {}

  private static final String FULL = "full";
  private static final String BESIDE_FREE_PLACES = "beside free places";
  private static final String ROOM = "room";
  private static final String OTHER = "other";

  private final Ledger.Parameters parameters;
  private final List<Step> steps = new ArrayList<>();
  private long preemptions;
  private int growth;
  private long grewWith = -1;
  private long pause = 2 * SECOND;
  private long growsFrom;
  private boolean isDraining;
  private int value;

  NaiveLimit(Ledger.Parameters parameters) {
    this.parameters = parameters;
    value = Math.max(parameters.minLimit(), Math.min(8, parameters.startLimit()));
    growth = value;
  }

  int value() {
    return value;
  }

  void step(
      long at, long running, long waiting, double kv, long preempted, long inFlight, long ended) {
    if (!steps.isEmpty() && at < lastStep().at + parameters.learningInterval().toNanos()) {
      return;
    }
    var hasPreempted = preempted > preemptions;
    preemptions = preempted;
    var isFirst = steps.isEmpty();
    if (isFirst || at - lastStep().windowBegan >= 5 * SECOND) {
      var window = isFirst ? 0 : lastStep().window + 1;
      steps.add(new Step(at, window, at, running, waiting, ended, OTHER));
    } else {
      var last = lastStep();
      steps.add(new Step(at, last.window, last.windowBegan, running, waiting, ended, OTHER));
    }
    if (isFirst) {
      growsFrom = at;
      return;
    }
    isDraining &= inFlight > value;
    if (hasPreempted || kv > 0.95) {
      growth = 1;
      grewWith = -1;
      if (inFlight <= value && inFlight >= nearly(value)) {
        value = Math.max(parameters.minLimit(), (int) Math.floor(value * 0.9));
        isDraining = inFlight > value;
      }
      return;
    }
    if (waiting == 0) {
      mark(ROOM);
      var isNews = running != grewWith;
      if (isNews && inFlight >= nearly(value) && running >= nearly(value) && at >= growsFrom) {
        grewWith = running;
        pause = growth > 1 ? 2 * SECOND : pause;
        value = Math.min(parameters.maxLimit(), value + growth);
        growth = Math.min(2 * growth, value);
      }
    } else {
      growth = 1;
      grewWith = -1;
      mark(running >= nearly(peak()) ? FULL : BESIDE_FREE_PLACES);
      var few = 4 * waiting * waiting <= peak();
      var binds = inFlight >= nearly(value) && running + waiting >= nearly(value);
      if (running < nearly(peak())
          && isSecondBesideFreePlaces()
          && few
          && binds
          && at >= growsFrom) {
        value = Math.min(parameters.maxLimit(), value + Math.max(1, value / 16));
        growsFrom = at + SECOND;
      }
      if (running >= nearly(peak()) && isProvenFull() && running + waiting >= nearly(value)) {
        cut(at);
      }
    }
    if (running > value && !isDraining) {
      value = (int) Math.min(parameters.maxLimit(), running);
    }
  }

  private void cut(long at) {
    var peak = peak();
    var target = readsPrompts(at) && peak >= 16 ? peak + 1 : peak;
    target = Math.max(parameters.minLimit(), target);
    if (target < value) {
      value = (int) target;
      growsFrom = at + (readsPrompts(at) ? SECOND : pause);
      var longest = value >= 32 ? 64 * SECOND : Math.min(960 * SECOND, 64 * SECOND * 32 / value);
      pause = readsPrompts(at) ? 2 * SECOND : Math.min(longest, 8 * pause);
    }
  }

  private Step lastStep() {
    return steps.get(steps.size() - 1);
  }

  private void mark(String kind) {
    var last = steps.remove(steps.size() - 1);
    steps.add(
        new Step(
            last.at, last.window, last.windowBegan, last.running, last.waiting, last.ended, kind));
  }

  private long peak() {
    var now = lastStep().window;
    return steps.stream()
        .filter(step -> step.window >= now - 1)
        .mapToLong(Step::running)
        .max()
        .orElse(0);
  }

  /** Whether a request ended since the number running last rose, the endpoint being full since. */
  private boolean isProvenFull() {
    var first = steps.size() - 1;
    while (first > 0 && steps.get(first - 1).kind.equals(FULL)) {
      first--;
    }
    var rose = steps.get(first);
    for (var step : steps.subList(first, steps.size())) {
      rose = nearly(step.running) > rose.running ? step : rose;
    }
    return lastStep().ended != rose.ended;
  }

  /** Whether requests waited beside free places, twice in a row, in the last ten seconds. */
  private boolean readsPrompts(long at) {
    var inARow = 0;
    var last = Long.MIN_VALUE;
    for (var step : steps) {
      // What neither clears nor proves it: a step of an overloaded endpoint.
      if (step.kind.equals(BESIDE_FREE_PLACES)) {
        inARow++;
      } else if (!step.kind.equals(OTHER)) {
        inARow = 0;
      }
      last = inARow >= 2 && step.kind.equals(BESIDE_FREE_PLACES) ? step.at : last;
    }
    return last != Long.MIN_VALUE && at - last < 10 * SECOND;
  }

  /** Whether this step and one before it, without one of another kind between, were such. */
  private boolean isSecondBesideFreePlaces() {
    var inARow = 0;
    for (var i = steps.size() - 1; i >= 0; i--) {
      var step = steps.get(i);
      if (step.kind.equals(BESIDE_FREE_PLACES)) {
        inARow++;
      } else if (!step.kind.equals(OTHER)) {
        break;
      }
    }
    return inARow >= 2;
  }

  private static long nearly(long requests) {
    return requests - requests / 16;
  }
}
