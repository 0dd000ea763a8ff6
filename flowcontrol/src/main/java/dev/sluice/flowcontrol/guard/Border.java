package dev.sluice.flowcontrol.guard;

/**
 * The line that no exception of one plugin crosses: the plugin's name, and the receiver of its
 * faults. Every guard has a border and decides nothing about exceptions itself. Guards of the same
 * plugin may share a border. Immutable.
 */
public final class Border {
  private final String plugin;
  private final Faults faults;

  /**
   * A border around one plugin.
   *
   * @param plugin the plugin's type name, for messages and metrics
   */
  public Border(String plugin, Faults faults) {
    this.plugin = plugin;
    this.faults = faults;
  }

  /**
   * Reports what a call of the plugin threw, so that the guard can go on with its fallback. This
   * includes errors, such as a failed assertion, a missing class or a recursion without end: they
   * are the plugin's. Only the other {@link VirtualMachineError}s are thrown on, because they are
   * everybody's.
   */
  void caught(Throwable thrown) {
    if (thrown instanceof VirtualMachineError fatal && !(thrown instanceof StackOverflowError)) {
      throw fatal;
    }
    faults.report(plugin, thrown);
  }

  /**
   * Reports an answer that cannot be used. The engine then goes on as if the plugin had thrown.
   *
   * @param answer a description of the wrong answer, made without a call of the plugin's own code
   */
  void misbehaved(String answer) {
    faults.report(plugin, new IllegalStateException(answer));
  }
}
