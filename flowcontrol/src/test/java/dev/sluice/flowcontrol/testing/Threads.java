package dev.sluice.flowcontrol.testing;

/** Starts threads, on every version of Java that the library runs on. */
public final class Threads {

  private Threads() {}

  /** Starts a platform thread. */
  public static Thread start(Runnable action) {
    var thread = new Thread(action);
    thread.start();
    return thread;
  }

  /** Starts a virtual thread; a platform thread before Java 21, which has no others. */
  public static Thread startVirtual(Runnable action) {
    if (Runtime.version().feature() < 21) {
      return start(action);
    }
    try {
      return (Thread)
          Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, action);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("Java 21 and later have virtual threads", e);
    }
  }
}
