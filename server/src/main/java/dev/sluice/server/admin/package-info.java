/** The port for operators: metrics, health, and the queues of all flows. */
@NullMarked
package dev.sluice.server.admin;

import org.jspecify.annotations.NullMarked;
