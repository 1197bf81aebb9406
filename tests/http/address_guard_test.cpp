#include "lib/http/address_guard.hpp"

#include <gtest/gtest.h>

namespace gembal::http {
namespace {

TEST(AddressGuardTest, OnlyWhatAnybodyMayReachIsPublic) {
  const struct {
    const char* address;
    bool expected;
  } cases[] = {
      {"8.8.8.8", true},
      {"1.1.1.1", true},
      {"142.250.185.74", true},
      {"11.0.0.1", true},
      {"100.63.255.255", true},
      {"100.128.0.0", true},
      {"172.15.255.255", true},
      {"172.32.0.0", true},
      {"192.167.255.255", true},
      {"223.255.255.255", true},
      {"0.0.0.0", false},
      {"0.1.2.3", false},
      {"10.0.0.1", false},
      {"10.255.255.255", false},
      {"100.64.0.1", false},
      {"100.100.100.200", false},
      {"127.0.0.1", false},
      {"127.255.255.254", false},
      {"168.63.129.16", false},
      {"168.63.129.17", true},
      {"169.254.169.254", false},
      {"172.16.0.1", false},
      {"172.31.255.255", false},
      {"192.0.0.192", false},
      {"192.0.2.1", false},
      {"192.88.99.1", false},
      {"192.168.1.1", false},
      {"198.18.0.1", false},
      {"198.19.255.255", false},
      {"198.51.100.7", false},
      {"203.0.113.7", false},
      {"224.0.0.1", false},
      {"239.255.255.255", false},
      {"240.0.0.1", false},
      {"255.255.255.255", false},
      {"2606:4700:4700::1111", true},
      {"2a00:1450:4001:82a::200e", true},
      {"2001:4860:4860::8888", true},
      {"::", false},
      {"::1", false},
      {"::127.0.0.1", false},
      {"::ffff:8.8.8.8", true},
      {"::ffff:127.0.0.1", false},
      {"::ffff:a9fe:a9fe", false},
      {"::ffff:0:127.0.0.1", false},
      {"64:ff9b::8.8.8.8", true},
      {"64:ff9b::10.0.0.1", false},
      {"64:ff9b:1::8.8.8.8", false},
      {"100::1", false},
      {"2001::1", false},
      {"2001:1ff::1", false},
      {"2001:db8::1", false},
      {"2002:0a00:0001::1", false},
      {"2002:0808:0808::1", false},
      {"3fff::1", false},
      {"fc00::1", false},
      {"fd00:ec2::254", false},
      {"fe80::1", false},
      {"fe80::1%1", false},
      {"fec0::1", false},
      {"ff02::1", false},
  };
  for (const auto& c : cases)
    EXPECT_EQ(is_public(asio::ip::make_address(c.address)), c.expected) << c.address;
}

}  // namespace
}  // namespace gembal::http
