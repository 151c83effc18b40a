//! Bridges, veths, addresses, routes, sysctls and conntrack.
