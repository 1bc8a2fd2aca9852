/*
 * numbers.h - the numbers behind which a packet may stand, each written once. The decoder's
 * tables (decode.c, tunnel.c) and the filter for the kernel (default_filter.c) are made of
 * the same lists, so that a row added here is decoded and let through. ROW(number, name): the
 * decode function is packet_read_NAME, or NAME_read in tunnel.c.
 */
#ifndef SMTPWATCH_CORE_PACKET_NUMBERS_H
#define SMTPWATCH_CORE_PACKET_NUMBERS_H

/* Ethertypes of VLAN tags: 802.1Q, 802.1ad, and those of QinQ before 802.1ad. The kernel filter
 * looks behind these tags. */
#define PACKET_VLAN_TAGS(ROW)                                                                      \
	ROW(0x8100, vlan)                                                                          \
	ROW(0x88a8, vlan)                                                                          \
	ROW(0x9100, vlan)                                                                          \
	ROW(0x9200, vlan)

/* Ethertypes that the kernel filter does not look behind: all such frames pass. 0x6558 is
 * transparent bridging (GRE, Geneve). */
#define PACKET_ETHERTYPES(ROW)                                                                     \
	ROW(0x8847, mpls)                                                                          \
	ROW(0x8848, mpls)                                                                          \
	ROW(0x8864, pppoe)                                                                         \
	ROW(0x6558, ethernet)                                                                      \
	ROW(0x8926, vntag)                                                                         \
	ROW(0x893f, etag)                                                                          \
	ROW(0x8909, cmd)                                                                           \
	ROW(0x8988, ttag)                                                                          \
	ROW(0xd28b, arista)                                                                        \
	ROW(0x8903, fabricpath)                                                                    \
	ROW(0x88e7, pbb)                                                                           \
	ROW(0xf1c1, rtag)                                                                          \
	ROW(0x892f, hsr)

/* IP protocols that hold another packet. */
#define PACKET_PROTOCOLS(ROW)                                                                      \
	ROW(47, gre)                                                                               \
	ROW(4, ipv4)                                                                               \
	ROW(41, ipv6)                                                                              \
	ROW(51, ah)                                                                                \
	ROW(137, mpls)

/* Extension headers of IPv6. */
#define PACKET_EXTENSIONS(ROW)                                                                     \
	ROW(43, extensions)                                                                        \
	ROW(44, extensions)                                                                        \
	ROW(60, extensions)

/* Destination ports of tunnels in UDP. 8472 is VXLAN of Linux and flannel, from before 4789 was
 * assigned. */
#define PACKET_UDP_PORTS(ROW)                                                                      \
	ROW(4789, vxlan)                                                                           \
	ROW(8472, vxlan)                                                                           \
	ROW(6081, geneve)                                                                          \
	ROW(37008, tzsp)                                                                           \
	ROW(7932, hp_erm)

#endif
