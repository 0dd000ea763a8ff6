/** The running process: it wires a configuration to the other modules, and records requests. */
@NullMarked
package dev.sluice.server.process;

import org.jspecify.annotations.NullMarked;
