"""Addresses of the privacy policy."""

from django.urls import path

from privacy import views

app_name = "privacy"

urlpatterns = [
    path("", views.show_policy, name="show-policy"),
]
