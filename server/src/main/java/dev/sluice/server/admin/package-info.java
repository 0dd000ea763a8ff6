/** The port for operators: metrics, health, and what waits where. */
@NullMarked
package dev.sluice.server.admin;

import org.jspecify.annotations.NullMarked;
