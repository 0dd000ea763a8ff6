package dev.sluice.flowcontrol.framework;

/** An ability of queues that a policy may need. Matched when configuration is read. */
public enum QueueCapability {
  /** Holds items in the order of their arrival. */
  FIFO,
  /** Holds items in the order of their ordering keys, equal ones in the order of their arrival. */
  PRIORITY_ORDER,
  /** Knows its last item as well as its first. */
  DOUBLE_ENDED
}
