package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.Collection;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the queues of flows, keeps a few idle ones, and forgets the rest with the eligibility
 * classes that no other queue needs. Guarded by the core's lock.
 *
 * <p>A sender chooses what its requests need, for example the name of a model. So the number of
 * classes is limited in total and for each tenant, and a request that is refused leaves no queue
 * and no class behind. A dispatch looks at each class that has a request in the band, O(classes).
 *
 * <p>A queue is pinned while an operation uses it: whatever happens meanwhile, the operation finds
 * the queue in its place.
 */
final class FlowQueues {
  /** A flow keeps idle queues as long as it has no more than this many queues. */
  private static final int KEPT = 8;

  /** The most classes that can be in use. */
  static final int MOST_CLASSES = 1_024;

  /** The most queues of different classes, counted in each band, that a tenant can have. */
  static final int MOST_OF_TENANT = 256;

  /** Above this part of a limit, no idle queue is kept. */
  private static final int CROWDED = 4;

  private final Bands bands;
  private final EligibilityClasses classes;

  /** Starts with the class of requests that need nothing special. */
  FlowQueues(
      Bands bands, Consumer<EligibilityClass> classAdded, Consumer<EligibilityClass> classRetired) {
    this.bands = bands;
    classes = new EligibilityClasses(classAdded, classRetired);
  }

  /** All classes in use, in no order. */
  Collection<EligibilityClass> classes() {
    return classes.all();
  }

  /** Makes a queue that the flow does not have. Null if there is a {@link #limit}. */
  @Nullable FlowQueue create(Flow flow, Eligibility needs) {
    if (limit(flow, needs) != null) {
      return null;
    }
    var ofNeeds = classes.classFor(needs);
    var tenantQueue = flow.bandTenant().queue(flow.band().slot(ofNeeds));
    var queue = new FlowQueue(flow, tenantQueue);
    tenantQueue.addFlowQueue();
    classes.addQueue(ofNeeds);
    flow.queues().add(queue);
    return queue;
  }

  /** Why there can be no new queue. Null if there can be one. */
  @Nullable ClassLimit limit(Flow flow, Eligibility needs) {
    if (needs.equals(Eligibility.ANY)) {
      return null;
    }
    var tenant = flow.tenant();
    if (tenant.queues() >= MOST_OF_TENANT) {
      return new ClassLimit(
          true,
          "tenant "
              + tenant.id()
              + " has requests with "
              + MOST_OF_TENANT
              + " different needs, and may have no more; try again when some have ended");
    }
    if (classes.size() >= MOST_CLASSES && !classes.contains(needs)) {
      return new ClassLimit(
          false,
          "there are requests with "
              + MOST_CLASSES
              + " different needs, and there may be no more; try again when some have ended");
    }
    return null;
  }

  /** Ends the use of a pinned queue. If no request has ever been in it, it leaves no trace. */
  void unpin(FlowQueue queue) {
    queue.unpin();
    if (queue.isIdle() && (queue.isUnused() || isCrowded(queue.flow()))) {
      forget(queue);
    }
  }

  /** Forgets a queue if it is idle and its flow has too many. */
  void tidy(FlowQueue queue) {
    if (queue.isIdle() && isCrowded(queue.flow())) {
      forget(queue);
    }
  }

  private boolean isCrowded(Flow flow) {
    return flow.queues().size() > KEPT
        || flow.tenant().queues() > MOST_OF_TENANT / CROWDED
        || classes.size() > MOST_CLASSES / CROWDED;
  }

  private void forget(FlowQueue queue) {
    if (queue.flow().queues().remove(queue)) { // false if it was forgotten with its flow
      release(queue);
    }
  }

  /** Counts out a queue that its flow no longer has. */
  void release(FlowQueue queue) {
    queue.tenantQueue().removeFlowQueue();
    var needs = queue.eligibilityClass();
    if (classes.removeQueue(needs)) {
      bands.forget(needs);
    }
  }
}
