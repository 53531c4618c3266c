//! What this machine's end of the path is: a cable, Wi-Fi, a tunnel.

use omnibar_model::LinkKind;
use std::net::IpAddr;

/// Of the interface that has this address; `None`: of the one that the system would use.
pub(crate) fn kind(local: Option<IpAddr>) -> LinkKind {
    if local.is_some_and(|address| address.is_loopback()) {
        return LinkKind::Local;
    }
    system::kind(local)
}

#[cfg(target_os = "linux")]
mod system {
    use omnibar_model::LinkKind;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use std::path::Path;

    pub(super) fn kind(local: Option<IpAddr>) -> LinkKind {
        let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
        let name = match local {
            Some(IpAddr::V6(address)) => v6(&read("/proc/net/if_inet6"), address),
            Some(IpAddr::V4(address)) => v4(&read("/proc/net/route"), Some(address)),
            None => v4(&read("/proc/net/route"), None),
        };
        name.map_or(LinkKind::Unknown, |name| interface(Path::new("/sys/class/net"), &name))
    }

    /// The table's numbers are little-endian hexadecimal, as the kernel writes them on
    /// little-endian machines. The longest route to the address's own network, else the
    /// default route with the least metric.
    fn v4(table: &str, address: Option<Ipv4Addr>) -> Option<String> {
        let rows = table.lines().skip(1).filter_map(|line| {
            let mut fields = line.split_whitespace();
            let name = fields.next()?;
            let mut hex = || u32::from_str_radix(fields.next()?, 16).ok();
            let (to, gateway) = (hex()?.swap_bytes(), hex()?);
            let metric: u32 = fields.nth(3)?.parse().ok()?;
            let mask = u32::from_str_radix(fields.next()?, 16).ok()?.swap_bytes();
            Some((name, to, gateway, metric, mask))
        });
        let (mut own, mut default) = (None, None);
        for (name, to, gateway, metric, mask) in rows {
            let here = address.is_some_and(|address| u32::from(address) & mask == to);
            if mask != 0 && gateway == 0 && here && own.is_none_or(|(_, m)| mask > m) {
                own = Some((name, mask));
            }
            if mask == 0 && default.is_none_or(|(_, m)| metric < m) {
                default = Some((name, metric));
            }
        }
        own.or(default).map(|(name, _)| name.to_owned())
    }

    fn v6(table: &str, address: Ipv6Addr) -> Option<String> {
        let wanted = format!("{:032x}", u128::from(address));
        table.lines().find_map(|line| {
            let mut fields = line.split_whitespace();
            (fields.next()? == wanted).then(|| fields.last().map(str::to_owned)).flatten()
        })
    }

    /// `root`: `/sys/class/net`.
    fn interface(root: &Path, name: &str) -> LinkKind {
        // The name comes from the kernel, which allows no slash in it.
        let folder = root.join(name);
        let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        let uevent = read("uevent");
        let device = |kind: &str| uevent.lines().any(|l| l.strip_prefix("DEVTYPE=") == Some(kind));
        if folder.join("wireless").exists() || folder.join("phy80211").exists() || device("wlan") {
            return LinkKind::WiFi;
        }
        if device("wwan") {
            return LinkKind::Mobile;
        }
        if device("wireguard") || folder.join("tun_flags").exists() {
            return LinkKind::Vpn;
        }
        // ARPHRD_* of the kernel's if_arp.h.
        match read("type").trim() {
            "1" => LinkKind::Cable,
            "772" => LinkKind::Local,
            // PPP, tunnels of IP in IP, GRE, and those without a link layer.
            "512" | "768" | "769" | "776" | "778" | "65534" => LinkKind::Vpn,
            _ => LinkKind::Unknown,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const ROUTES: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
            wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
            eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n\
            wlan0\t0002A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n\
            tun0\t0000000A\t00000000\t0001\t0\t0\t50\t000000FF\t0\t0\t0\n\
            broken line\n";

        #[test]
        fn the_interface_of_an_address_is_found() {
            let name = |text: &str| v4(ROUTES, text.parse().ok());
            assert_eq!(name("192.168.2.7").as_deref(), Some("wlan0"));
            assert_eq!(name("192.168.1.7").as_deref(), Some("eth0"));
            assert_eq!(name("10.4.0.9").as_deref(), Some("tun0"));
            assert_eq!(name("172.16.0.1").as_deref(), Some("eth0"), "the default route");
            assert_eq!(v4(ROUTES, None).as_deref(), Some("eth0"));
            assert_eq!(v4("", None), None);
            let table = "fe800000000000000000000000000001 02 40 20 80 wlan0\n";
            assert_eq!(v6(table, "fe80::1".parse().unwrap()).as_deref(), Some("wlan0"));
            assert_eq!(v6(table, "fe80::2".parse().unwrap()), None);
        }

        #[test]
        fn an_interface_tells_what_it_is() {
            let root = tempfile::tempdir().unwrap();
            let made = |name: &str, files: &[(&str, &str)]| {
                let folder = root.path().join(name);
                std::fs::create_dir(&folder).unwrap();
                for (file, text) in files {
                    std::fs::write(folder.join(file), text).unwrap();
                }
                interface(root.path(), name)
            };
            assert_eq!(
                made("eth0", &[("type", "1\n"), ("uevent", "INTERFACE=eth0\n")]),
                LinkKind::Cable
            );
            assert_eq!(made("wlp2s0", &[("type", "1\n"), ("wireless", "")]), LinkKind::WiFi);
            assert_eq!(
                made("wlan1", &[("type", "1\n"), ("uevent", "DEVTYPE=wlan\n")]),
                LinkKind::WiFi
            );
            assert_eq!(
                made("wwan0", &[("type", "1\n"), ("uevent", "DEVTYPE=wwan\n")]),
                LinkKind::Mobile
            );
            assert_eq!(
                made("wg0", &[("type", "65534\n"), ("uevent", "DEVTYPE=wireguard\n")]),
                LinkKind::Vpn
            );
            assert_eq!(made("tap0", &[("type", "1\n"), ("tun_flags", "0x1002\n")]), LinkKind::Vpn);
            assert_eq!(made("can0", &[("type", "280\n")]), LinkKind::Unknown);
            assert_eq!(interface(root.path(), "gone"), LinkKind::Unknown);
        }

        #[test]
        fn this_machine_is_on_its_own_loopback() {
            assert_eq!(super::super::kind("127.0.0.1".parse().ok()), LinkKind::Local);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use omnibar_model::LinkKind;
    use std::net::IpAddr;

    /// Not asked of this system yet.
    pub(super) fn kind(_: Option<IpAddr>) -> LinkKind {
        LinkKind::Unknown
    }
}
