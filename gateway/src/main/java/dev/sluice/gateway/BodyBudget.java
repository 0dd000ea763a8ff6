package dev.sluice.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The memory that the requests of all clients may hold: the pieces of bodies that have arrived,
 * headers, and a fixed amount for each request. It is one quantity, from the first byte to the
 * answer, whether the body is still being read, is queued, or is being sent. Thread-safe.
 *
 * <p>The problem: the engine's limits and shares apply to a request that was offered, and a request
 * is offered when its body is complete. Memory is taken before. If it were given to whoever comes
 * next, a low band that fills it would keep every higher band out.
 *
 * <p>The mechanism: if a request finds too little memory, others give way that have not been
 * dispatched, whether they are complete or not. First those of strictly lower bands do, the lowest
 * band first ({@link GivingOrder}). If that is not enough, one request of the newcomer's own band
 * does, if its tenant then still has as much as the newcomer's tenant. Nothing gives way in vain:
 * if the newcomer would not fit, it is refused, and all others stay. Dispatched requests keep their
 * memory, for they are running.
 *
 * <p>A request that gives way no longer counts from that moment on. Its event loop releases the
 * buffers as soon as it hears of it, so for that long somewhat more may be held. A body that is
 * being read on another thread is held until it has been read; one that waits for that is not.
 */
final class BodyBudget {
  private final long limitBytes;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock, as is the state of every share. */
  private final GivingOrder order = new GivingOrder();

  private long heldBytes;

  BodyBudget(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** What became of a request that wanted memory. */
  enum Outcome {
    TAKEN,
    /** There is too little memory, and nothing that must give way. */
    REFUSED,
    /** The request itself has given way to another. */
    GAVE_WAY
  }

  /** The memory of one request. It is thread-safe, and belongs to the request's exchange. */
  final class Share {
    private final int priority;
    private final String tenant;
    private final Runnable giveWay;
    private long bytes;
    private boolean fixed;
    private boolean gone;

    private Share(int priority, String tenant, Runnable giveWay) {
      this.priority = priority;
      this.tenant = tenant;
      this.giveWay = giveWay;
    }

    int priority() {
      return priority;
    }

    String tenant() {
      return tenant;
    }

    /** The bytes that the request holds. To be called by the owner, or under the lock. */
    long bytes() {
      return bytes;
    }

    /** Takes {@code more} bytes, at least 0. Other requests may be told to give way for it. */
    Outcome take(long more) {
      List<Share> givers = new ArrayList<>(0);
      lock.lock();
      try {
        if (gone) {
          return Outcome.GAVE_WAY;
        }
        if (more > limitBytes - heldBytes && !makeRoom(this, more, givers)) {
          return Outcome.REFUSED;
        }
        resize(bytes + more);
      } finally {
        lock.unlock();
      }
      givers.forEach(giver -> giver.giveWay.run());
      return Outcome.TAKEN;
    }

    /** Gives back all but {@code rest} bytes. */
    void shrinkTo(long rest) {
      lock.lock();
      try {
        if (!gone) {
          resize(Math.min(bytes, rest));
        }
      } finally {
        lock.unlock();
      }
    }

    /** From now on the request gives way to no other. False if it already has. */
    boolean fix() {
      lock.lock();
      try {
        if (!gone && !fixed) {
          order.resized(this, bytes, 0);
          fixed = true;
        }
        return !gone;
      } finally {
        lock.unlock();
      }
    }

    /** From now on the request may give way again. */
    void unfix() {
      lock.lock();
      try {
        if (!gone && fixed) {
          order.resized(this, 0, bytes);
          fixed = false;
        }
      } finally {
        lock.unlock();
      }
    }

    /** Gives back everything. Calling it again does nothing. */
    void close() {
      lock.lock();
      try {
        leave();
      } finally {
        lock.unlock();
      }
    }

    private void leave() {
      if (!gone) {
        resize(0);
        gone = true;
      }
    }

    private void resize(long to) {
      assert lock.isHeldByCurrentThread();
      if (!fixed) {
        order.resized(this, bytes, to);
      }
      heldBytes += to - bytes;
      bytes = to;
    }
  }

  /**
   * The share of a request, which holds nothing yet.
   *
   * @param priority the priority of the request's flow
   * @param giveWay called at most once, on any thread, if the request has to give way
   */
  Share open(int priority, String tenant, Runnable giveWay) {
    return new Share(priority, tenant, giveWay);
  }

  /** Plans first, so that no request gives way in vain. */
  private boolean makeRoom(Share newcomer, long bytes, List<Share> givers) {
    assert lock.isHeldByCurrentThread();
    var missing = bytes - (limitBytes - heldBytes);
    if (order.bytesBelow(newcomer.priority) < missing) {
      var exchanged = order.exchangedFor(newcomer, bytes);
      if (exchanged == null || order.bytesBelow(newcomer.priority) + exchanged.bytes < missing) {
        return false;
      }
      takeFrom(exchanged, givers);
    }
    while (bytes > limitBytes - heldBytes) {
      takeFrom(order.first(), givers);
    }
    return true;
  }

  private static void takeFrom(Share giver, List<Share> givers) {
    giver.leave();
    givers.add(giver);
  }

  /** The bytes that all requests hold. */
  long heldBytes() {
    lock.lock();
    try {
      return heldBytes;
    } finally {
      lock.unlock();
    }
  }

  long limitBytes() {
    return limitBytes;
  }
}
