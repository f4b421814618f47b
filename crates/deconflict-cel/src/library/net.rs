//! Addresses and networks, as Go's `net/netip` reads them, without zones and IPv4 in IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cel::objects::Opaque;
use cel::{DeclarationError, ExecutionError, Value};

use super::{Library, Of, fails, op, opaque, own, text};

const ADDRESS: &str = "net.IP";
const NETWORK: &str = "net.CIDR";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Address(IpAddr);

/// An address, host bits and all, and how many of its bits name the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Network {
    address: IpAddr,
    length: u8,
}

impl Opaque for Address {
    fn runtime_type_name(&self) -> &'static str {
        ADDRESS
    }
}

impl Opaque for Network {
    fn runtime_type_name(&self) -> &'static str {
        NETWORK
    }
}

pub(super) fn declare(library: &mut Library) -> Result<(), DeclarationError> {
    addresses(library)?;
    networks(library)
}

fn addresses(library: &mut Library) -> Result<(), DeclarationError> {
    let this_type = Of::Own(ADDRESS);
    let one = &[this_type];
    library.global(
        "isIP",
        &[Of::Text],
        op!(|all| Ok(Value::Bool(address(text(all, 0)?).is_some()))),
    )?;
    library.global(
        "ip",
        &[Of::Text],
        op!(|all| Ok(opaque(Address(address_of(text(all, 0)?)?)))),
    )?;
    library.global(
        "ip.isCanonical",
        &[Of::Text],
        op!(|all| {
            let text = text(all, 0)?;
            Ok(Value::Bool(address_of(text)?.to_string() == text))
        }),
    )?;
    library.global("string", one, op!(|all| Ok(Value::from(ip(all)?.to_string()))))?;
    library.member(this_type, "family", &[], op!(|all| Ok(family(ip(all)?))))?;
    library.member(
        this_type,
        "isUnspecified",
        &[],
        op!(|all| Ok(Value::Bool(ip(all)?.is_unspecified()))),
    )?;
    library.member(
        this_type,
        "isLoopback",
        &[],
        op!(|all| Ok(Value::Bool(ip(all)?.is_loopback()))),
    )?;
    library.member(
        this_type,
        "isLinkLocalMulticast",
        &[],
        op!(|all| {
            Ok(Value::Bool(match ip(all)? {
                IpAddr::V4(address) => address.octets()[..3] == [224, 0, 0],
                IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
            }))
        }),
    )?;
    library.member(
        this_type,
        "isLinkLocalUnicast",
        &[],
        op!(|all| Ok(Value::Bool(is_link_local(ip(all)?)))),
    )?;
    library.member(
        this_type,
        "isGlobalUnicast",
        &[],
        op!(|all| {
            let ip = ip(all)?;
            let special = ip.is_unspecified()
                || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
                || ip.is_loopback()
                || ip.is_multicast()
                || is_link_local(ip);
            Ok(Value::Bool(!special))
        }),
    )
}

fn networks(library: &mut Library) -> Result<(), DeclarationError> {
    let this_type = Of::Own(NETWORK);
    let one = &[this_type];
    library.global(
        "isCIDR",
        &[Of::Text],
        op!(|all| Ok(Value::Bool(network(text(all, 0)?).is_some()))),
    )?;
    library.global(
        "cidr",
        &[Of::Text],
        op!(|all| Ok(opaque(network_of(text(all, 0)?)?))),
    )?;
    library.global(
        "string",
        one,
        op!(|all| {
            let Network { address, length } = own::<Network>(all, 0)?;
            Ok(Value::from(format!("{address}/{length}")))
        }),
    )?;
    library.member(
        this_type,
        "ip",
        &[],
        op!(|all| Ok(opaque(Address(own::<Network>(all, 0)?.address)))),
    )?;
    library.member(
        this_type,
        "prefixLength",
        &[],
        op!(|all| { Ok(Value::Int(own::<Network>(all, 0)?.length.into())) }),
    )?;
    library.member(
        this_type,
        "masked",
        &[],
        op!(|all| Ok(opaque(own::<Network>(all, 0)?.masked()))),
    )?;
    for args in [&[Of::Text], &[Of::Own(ADDRESS)]] {
        library.member(
            this_type,
            "containsIP",
            args,
            op!(|all| {
                let other = match text(all, 1) {
                    Ok(text) => address_of(text)?,
                    Err(_) => own::<Address>(all, 1)?.0,
                };
                Ok(Value::Bool(own::<Network>(all, 0)?.contains(other)))
            }),
        )?;
    }
    for args in [&[Of::Text], one] {
        library.member(
            this_type,
            "containsCIDR",
            args,
            op!(|all| {
                let this = own::<Network>(all, 0)?;
                let other = match text(all, 1) {
                    Ok(text) => network_of(text)?,
                    Err(_) => *own::<Network>(all, 1)?,
                };
                Ok(Value::Bool(
                    this.length <= other.length && this.contains(other.address),
                ))
            }),
        )?;
    }
    Ok(())
}

impl Network {
    fn masked(&self) -> Self {
        let keep = |width: u32| match width - u32::from(self.length) {
            shift if shift >= 128 => 0,
            shift => u128::MAX << shift,
        };
        #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits of the mask")]
        let address = match self.address {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from(u32::from(address) & keep(32) as u32)),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & keep(128))),
        };
        Self {
            address,
            length: self.length,
        }
    }

    fn contains(&self, other: IpAddr) -> bool {
        let there = Self {
            address: other,
            length: self.length,
        };
        self.address.is_ipv4() == other.is_ipv4() && self.masked() == there.masked()
    }
}

fn family(address: IpAddr) -> Value {
    Value::Int(if address.is_ipv4() { 4 } else { 6 })
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.segments()[0] & 0xffc0 == 0xfe80,
    }
}

fn ip(all: &[Value]) -> Result<IpAddr, ExecutionError> {
    Ok(own::<Address>(all, 0)?.0)
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().filter(|address: &IpAddr| match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => address.to_ipv4_mapped().is_none(),
    })
}

fn address_of(text: &str) -> Result<IpAddr, ExecutionError> {
    address(text).map_or_else(|| fails("ip", "no address"), Ok)
}

fn network(text: &str) -> Option<Network> {
    let (address, digits) = text.split_once('/')?;
    let address = self::address(address)?;
    let length: u8 = digits.parse().ok()?;
    let canonical = length.to_string() == digits;
    (canonical && length <= if address.is_ipv4() { 32 } else { 128 }).then_some(Network { address, length })
}

fn network_of(text: &str) -> Result<Network, ExecutionError> {
    network(text).map_or_else(|| fails("cidr", "no network"), Ok)
}
