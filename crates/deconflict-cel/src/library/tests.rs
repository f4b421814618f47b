use crate::{Failure, Rule};

/// `true`, `false`, or the failure's name.
fn answer(source: &str) -> String {
    match Rule::compile(source).and_then(|rule| rule.holds(&[])) {
        Ok(answer) => answer.to_string(),
        Err(failure) => format!("{failure:?}"),
    }
}

#[track_caller]
fn all_true(sources: &[&str]) {
    for source in sources {
        assert_eq!(answer(source), "true", "{source}");
    }
}

#[track_caller]
fn all_fail(sources: &[&str]) {
    for source in sources {
        assert!(
            answer(source).starts_with("Failed("),
            "{source}: {}",
            answer(source)
        );
    }
}

#[test]
fn quantities() {
    all_true(&[
        "isQuantity('1.5Gi') && isQuantity('200k') && isQuantity('-3') && !isQuantity('1.5GB') && !isQuantity(' 1')",
        "quantity('1Mi') == quantity('1024Ki') && quantity('1M') != quantity('1Mi')",
        "quantity('50k').isInteger() && quantity('50k').asInteger() == 50000 && !quantity('50m').isInteger()",
        "quantity('500m').asApproximateFloat() == 0.5",
        "quantity('-2').sign() == -1 && quantity('0').sign() == 0 && quantity('1n').sign() == 1",
        "quantity('1k').add(quantity('2k')) == quantity('3k') && quantity('1k').add(5).asInteger() == 1005",
        "quantity('1k').sub(quantity('2k')).sign() == -1 && quantity('1k').sub(999) == quantity('1')",
        "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('1G').isLessThan(quantity('1Gi'))",
        "quantity('200M').compareTo(quantity('0.2G')) == 0 && quantity('1').compareTo(quantity('2')) == -1",
    ]);
    all_fail(&[
        "quantity('x').sign() == 0",
        "quantity('1.5').asInteger() == 1",
        "quantity('9999E').asInteger() > 0",
    ]);
}

#[test]
fn versions() {
    all_true(&[
        "isSemver('1.0.0') && isSemver('1.2.3-rc.1+b') && !isSemver('v1.0.0') && !isSemver('1.0') && !isSemver('01.0.0')",
        "isSemver('v1.0', true) && isSemver('v01.02.3', true) && !isSemver('1.2.3.4', true) && !isSemver('x', true)",
        "semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('v1', true).patch() == 0",
        "semver('1.2.3').compareTo(semver('1.2.3+build')) == 0 && semver('1.2.3') == semver('1.2.3+build')",
        "semver('1.9.0').isLessThan(semver('1.10.0')) && semver('1.0.0').isGreaterThan(semver('1.0.0-rc.1'))",
    ]);
    all_fail(&["semver('1.0').major() == 1"]);
}

#[test]
fn lists() {
    all_true(&[
        "[1, 2, 2].isSorted() && !['b', 'a'].isSorted() && [].isSorted()",
        "[1, 3].sum() == 4 && [1.5, 0.5].sum() == 2.0 && [].sum() == 0 && [duration('1m'), duration('30s')].sum() == duration('90s')",
        "[3, 1, 2].min() == 1 && ['a', 'c', 'b'].max() == 'c'",
        "[1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2 && ['a'].indexOf('b') == -1 && [].lastIndexOf(1) == -1",
        "'abcab'.indexOf('ab') == 0 && 'abcab'.lastIndexOf('ab') == 3",
        "[1, 2, 3].map(x, x * 2).sum() == 12",
    ]);
    all_fail(&[
        "[].min() == 1",
        "[].max() == 1",
        "['a', 'b'].sum() == 'ab'",
        "[1, 'a'].isSorted()",
    ]);
}

#[test]
fn sets() {
    all_true(&[
        "sets.contains([1, 2, 3], [2, 3]) && sets.contains([1], []) && !sets.contains([1], [2])",
        "sets.equivalent([1, 2], [2, 1, 1]) && !sets.equivalent([1], [1, 2]) && sets.equivalent([], [])",
        "sets.intersects(['a', 'b'], ['b']) && !sets.intersects(['a'], []) && sets.contains([1, 2.0], [1.0])",
    ]);
}

#[test]
fn addresses() {
    all_true(&[
        "isIP('10.0.0.1') && isIP('::1') && !isIP('10.0.0') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0') && !isIP('010.0.0.1')",
        "ip('10.0.0.1').family() == 4 && ip('2001:db8::1').family() == 6 && ip('::1') == ip('0:0:0:0:0:0:0:1')",
        "ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD') && ip.isCanonical('127.0.0.1')",
        "ip('0.0.0.0').isUnspecified() && ip('::1').isLoopback() && ip('127.1.2.3').isLoopback()",
        "ip('224.0.0.5').isLinkLocalMulticast() && !ip('224.0.1.5').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()",
        "ip('169.254.9.9').isLinkLocalUnicast() && ip('fe80::9').isLinkLocalUnicast() && !ip('10.0.0.1').isLinkLocalUnicast()",
        "ip('10.0.0.1').isGlobalUnicast() && ip('2001:db8::1').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast()",
        "string(ip('2001:DB8::1')) == '2001:db8::1'",
    ]);
    all_fail(&["ip('x').family() == 4", "ip.isCanonical('x')"]);
}

#[test]
fn networks() {
    all_true(&[
        "isCIDR('10.0.0.0/8') && isCIDR('10.9.9.9/8') && isCIDR('::/0') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0') && !isCIDR('10.0.0.0/08')",
        "cidr('10.0.0.0/8').containsIP('10.9.9.9') && cidr('10.0.0.0/8').containsIP(ip('10.9.9.9')) && !cidr('10.0.0.0/8').containsIP('11.0.0.0')",
        "cidr('0.0.0.0/0').containsIP('1.2.3.4') && cidr('::/0').containsIP('::1') && !cidr('::/0').containsIP('1.2.3.4')",
        "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8')) && cidr('10.0.0.0/8').containsCIDR('10.0.0.0/8')",
        "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('10.1.2.3/8').ip() == ip('10.1.2.3') && cidr('10.1.2.3/8').prefixLength() == 8",
        "string(cidr('10.1.2.3/8')) == '10.1.2.3/8'",
    ]);
    all_fail(&[
        "cidr('x').prefixLength() == 1",
        "cidr('10.0.0.0/8').containsIP('x')",
    ]);
}

#[test]
fn urls() {
    all_true(&[
        "isURL('https://example.com:80/a') && isURL('/absolute') && isURL('mailto:a@b.c') && !isURL('../relative')",
        "!isURL('https://a:port/x') && !isURL('') && !isURL('https://a/%zz') && !isURL('1http://x')",
        "url('https://example.com:80/').getHost() == 'example.com:80' && url('https://example.com/').getHost() == 'example.com'",
        "url('https://[::1]:80/').getHostname() == '::1' && url('https://[::1]:80/').getPort() == '80' && url('https://[::1]/').getPort() == ''",
        "url('/path').getHost() == '' && url('/path').getScheme() == '' && url('HTTPS://a').getScheme() == 'https'",
        "url('https://a/with space/').getEscapedPath() == '/with%20space/' && url('https://a').getEscapedPath() == ''",
        "url('https://a/?k=1&k=2&l=a%20b').getQuery() == {'k': ['1', '2'], 'l': ['a b']} && url('/x').getQuery() == {}",
        "url('https://u:p@example.com/').getHostname() == 'example.com'",
    ]);
    all_fail(&["url('x y').getHost() == ''"]);
}

#[test]
fn patterns() {
    all_true(&[
        "'abc 123'.find('[0-9]+') == '123' && 'abc'.find('[0-9]+') == ''",
        "'123 abc 456'.findAll('[0-9]+') == ['123', '456'] && 'abc'.findAll('[0-9]+') == []",
        "'1 2 3'.findAll('[0-9]', 2) == ['1', '2'] && '1 2'.findAll('[0-9]', -1).size() == 2 && '1'.findAll('[0-9]', 0) == []",
    ]);
    all_fail(&["'a'.find('(') == ''"]);
}

#[test]
fn formats() {
    let good = [
        ("dns1123Label", "a-1"),
        ("dns1123Subdomain", "a.b-c"),
        ("dns1035Label", "a1"),
        ("dns1123LabelPrefix", "1a-"),
        ("dns1123SubdomainPrefix", "a.b-"),
        ("dns1035LabelPrefix", "a-"),
        ("qualifiedName", "example.com/My_name"),
        ("labelValue", ""),
        ("uri", "https://a/b"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000"),
        ("byte", "aGk="),
        ("date", "2027-01-31"),
        ("datetime", "2027-01-31T08:00:00Z"),
    ];
    let bad = [
        ("dns1123Label", "a.b"),
        ("dns1123Subdomain", "A"),
        ("dns1035Label", "1a"),
        ("dns1123LabelPrefix", "-a"),
        ("dns1123SubdomainPrefix", ""),
        ("dns1035LabelPrefix", "1-"),
        ("qualifiedName", "/name"),
        ("labelValue", "-a"),
        ("uri", "a b"),
        ("uuid", "123"),
        ("byte", "aGk"),
        ("date", "2027-02-31"),
        ("datetime", "2027-01-31"),
    ];
    for (rows, valid) in [(good, true), (bad, false)] {
        for (name, text) in rows {
            let missing = if valid { "!" } else { "" };
            all_true(&[
                &format!("{missing}format.{name}().validate('{text}').hasValue()"),
                &format!("{missing}format.named('{name}').value().validate('{text}').hasValue()"),
            ]);
        }
    }
    all_true(&[
        "!format.named('nosuch').hasValue()",
        "format.dns1123Label().validate('A').value().size() == 1",
    ]);
}

#[test]
fn optional_values() {
    all_true(&[
        "optional.of(1).hasValue() && !optional.none().hasValue() && optional.none().orValue(2) == 2",
        "{'a': 1}[?'b'].orValue(3) == 3 && {'a': 1}.?a.value() == 1 && [1][?5].or(optional.of(2)).value() == 2",
        "optional.of(1).optMap(x, x + 1).value() == 2 && !optional.ofNonZeroValue('').hasValue()",
    ]);
}

/// What is not known is said to be so, and decides nothing.
#[test]
fn unknown_names() {
    let unknown = |name: &str| format!("{:?}", Failure::Unknown(name.to_owned()));
    assert_eq!(answer("'a'.frobnicate()"), unknown("frobnicate"));
    assert_eq!(answer("frobnicate(1) == 2"), unknown("frobnicate"));
    assert_eq!(
        answer("authorizer.path('/healthz').check('get').allowed()"),
        unknown("authorizer")
    );
    assert_eq!(answer("frobnicate(1) == 2 || true"), "true");
}
