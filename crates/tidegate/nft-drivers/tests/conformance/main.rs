//! One suite over every driver, on the real kernel, each test in a network namespace of its own.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test reports a failure by panicking"
)]

#[path = "../../../nft/tests/common/sample/mod.rs"]
mod sample;

mod atomicity;
mod belief;
mod child;
mod crash;
mod descriptors;
mod differential;
mod kinds;
mod languages;
mod namespaces;
mod objects;
mod programs;
mod size;
mod steps;
mod subject;
mod watch;

/// Makes a test of each function for each driver.
macro_rules! conformance {
    ($($module:ident::$test:ident),+ $(,)?) => {
        conformance!(@fake Fake: $($module::$test),+);
        conformance!(@exec_per_transaction PerTransaction: $($module::$test),+);
        conformance!(@exec_long_lived LongLived: $($module::$test),+);
        #[cfg(feature = "libnftables")]
        conformance!(@library Library: $($module::$test),+);
    };
    (@$driver:ident $subject:ident: $($module:ident::$test:ident),+) => {
        mod $driver {
            $(
                #[test]
                fn $test() {
                    if crate::subject::Subject::$subject.can_run() {
                        crate::$module::$test(&crate::subject::World::new(
                            crate::subject::Subject::$subject,
                        ));
                    }
                }
            )+
        }
    };
}

conformance!(
    atomicity::a_refused_batch_changes_nothing,
    atomicity::a_check_changes_nothing,
    atomicity::an_inverse_takes_everything_back,
    kinds::each_refusal_has_its_kind_and_names_its_operation,
    kinds::an_element_deleted_twice_is_refused,
    kinds::what_validation_finds_does_not_reach_the_kernel,
    namespaces::updates_of_eight_threads_keep_their_order,
    namespaces::closing_ends_it,
    objects::every_object_and_statement_is_taken,
    objects::every_operation_is_taken,
    objects::the_start_can_be_repeated,
    objects::drift_is_seen,
    objects::a_table_is_replaced_with_any_content,
    objects::filling_makes_the_set_or_finds_it,
    objects::it_says_what_it_is,
    objects::it_works_after_a_refusal,
    size::ten_thousand_elements_in_one_transaction,
    size::two_hundred_thousand_bytes_of_errors,
);
