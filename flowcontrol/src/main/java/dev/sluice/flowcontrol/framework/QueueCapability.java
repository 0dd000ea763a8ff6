package dev.sluice.flowcontrol.framework;

/** What a queue can do, and so what a policy may ask of it. Matched when configuration is read. */
public enum QueueCapability {
  /** Holds items in the order of their arrival. */
  FIFO,
  /** Holds items in the order of their ordering keys, equal ones in the order of their arrival. */
  PRIORITY_ORDER,
  /** Knows its last item as well as its first. */
  DOUBLE_ENDED
}
