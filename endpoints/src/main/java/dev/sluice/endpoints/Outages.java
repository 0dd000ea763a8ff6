package dev.sluice.endpoints;

import dev.sluice.endpoints.health.Health;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models that have no endpoint in service, and the log lines when that begins and ends. While
 * an endpoint of a model waits for its next health check, nothing is said of the model: one lost
 * connection is no outage. A pool that does not know any model counts as one model without a name.
 * Not thread-safe: the pool's lock guards it.
 */
final class Outages {
  private static final Logger LOG = LoggerFactory.getLogger(Outages.class);

  /** The most models that one log line names. */
  private static final int MOST_NAMES = 20;

  private Set<String> out = Set.of();

  /** The models whose outage began, and those whose outage ended, sorted by name. */
  record Edges(List<String> lost, List<String> back) {
    static final Edges NONE = new Edges(List.of(), List.of());

    /** To be called without the pool's lock. */
    void log() {
      if (!lost.isEmpty()) {
        LOG.warn(
            "No endpoint is in service any more for {}. The gateway refuses these requests with 503"
                + " until an endpoint is back. /debug/flows on the admin port shows the endpoints.",
            named(lost));
      }
      if (!back.isEmpty()) {
        LOG.info("An endpoint is in service again for {}", named(back));
      }
    }
  }

  /** Compares the endpoints with what was said last. O(endpoints x models). */
  Edges look(Collection<Member> members) {
    var known = known(members);
    var next = new TreeSet<String>();
    var lost = new ArrayList<String>();
    var back = new ArrayList<String>();
    for (var model : known) {
      var was = out.contains(model);
      if (isServed(model, members)) {
        if (was) {
          back.add(model);
        }
      } else if (was) {
        next.add(model);
      } else if (!isBeingChecked(model, members)) {
        next.add(model);
        lost.add(model);
      }
    }
    out = next;
    return lost.isEmpty() && back.isEmpty() ? Edges.NONE : new Edges(lost, back);
  }

  /** The models that have no endpoint in service at this moment, sorted by name. */
  static List<String> unserved(Collection<Member> members) {
    return known(members).stream()
        .filter(model -> !model.isEmpty() && !isServed(model, members))
        .toList();
  }

  private static Set<String> known(Collection<Member> members) {
    var known = new TreeSet<String>(); // sorted, and so is what is said of them
    for (var member : members) {
      known.addAll(member.modelNames());
    }
    if (known.isEmpty() && !members.isEmpty()) {
      known.add("");
    }
    return known;
  }

  private static boolean isServed(String model, Collection<Member> members) {
    for (var member : members) {
      if (member.state().healthy() && member.state().servesModel(model)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isBeingChecked(String model, Collection<Member> members) {
    for (var member : members) {
      var health = member.health();
      if (member.state().servesModel(model)
          && (health == Health.State.UNCHECKED || health == Health.State.SUSPECT)) {
        return true;
      }
    }
    return false;
  }

  private static String named(List<String> models) {
    if (models.getFirst().isEmpty()) {
      return "any model";
    }
    var shown = models.subList(0, Math.min(MOST_NAMES, models.size()));
    var rest = models.size() - shown.size();
    return (models.size() == 1 ? "model " : "the models ")
        + String.join(", ", shown)
        + (rest > 0 ? " and " + rest + " more" : "");
  }
}
